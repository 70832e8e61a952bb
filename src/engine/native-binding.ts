import util from 'node:util';
import { CodecError } from '../core/errors.ts';
import { requirePackage, resolvePackage } from './optional-package.ts';

/** The version of TensorFlow.js that this package is built on: its backends must be of the same. */
const TFJS_VERSION = '4.22';

/** Gives Node's `util` the function that Node 23 removed and that TensorFlow.js' native bindings call. */
export function polyfillUtil(target: Record<string, unknown>): void {
  target.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}

/**
 * Loads one of TensorFlow.js' native bindings, which registers its backend.
 * @throws `missing-tool` when it is not installed or does not load
 */
export function loadNativeBinding(engine: string, binding: string): void {
  if (resolvePackage(binding) === undefined) {
    throw new CodecError('missing-tool', {
      what: `the engine ${engine} needs the npm package ${binding}, which is not installed`,
      remedy: `Install it: npm install ${binding}@${TFJS_VERSION}`,
    });
  }
  polyfillUtil(util as unknown as Record<string, unknown>);
  try {
    requirePackage(binding);
  } catch (error) {
    throw new CodecError(
      'missing-tool',
      {
        what: `the engine ${engine} cannot load the npm package ${binding}`,
        found: (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/\.? *$/, ''),
        remedy: `Let it download its binary again: npm rebuild ${binding}`,
      },
      { cause: error },
    );
  }
}
