// The one place that knows where the entropy coders live.
export { binCoders } from '../dist/src/entropy/bin-coders.js';
export { adaptiveTree } from '../dist/src/entropy/binarization.js';
export { entropyCoders } from '../dist/src/entropy/catalogue.js';
export { FrequencyTable, frequenciesFromCounts } from '../dist/src/entropy/frequency-table.js';
export { pullSymbol, pushSymbol } from '../dist/src/entropy/symbol-coder.js';
export { symbolCoders } from '../dist/src/entropy/symbol-coders.js';
