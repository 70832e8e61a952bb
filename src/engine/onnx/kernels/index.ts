// Importing this module registers every kernel of the trace backend.
import './elementwise.ts';
import './shape.ts';
import './reduce.ts';
import './linear.ts';
import './conv.ts';
import './conv-filter.ts';
import './depthwise-conv.ts';
import './images.ts';
import './lstm.ts';
