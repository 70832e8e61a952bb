// The one place that knows where the entropy coders live.
export { binCoders } from '../dist/entropy/bin-coders.js';
export { adaptiveTree } from '../dist/entropy/binarization.js';
export { entropyCoders } from '../dist/entropy/catalogue.js';
export { FrequencyTable, frequenciesFromCounts } from '../dist/entropy/frequency-table.js';
export { pullSymbol, pushSymbol } from '../dist/entropy/symbol-coder.js';
export { symbolCoders } from '../dist/entropy/symbol-coders.js';
