// The one place that knows where the entropy coders live.
export { entropyCoders } from '../dist/entropy/catalogue.js';
export { frequenciesFromCounts } from '../dist/entropy/frequency-table.js';
