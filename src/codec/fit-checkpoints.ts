import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CodecError } from '../core/errors.ts';
import type { FitCheckpoint, FitState } from '../fitting/checkpoint.ts';
import type { Media, SignalOf } from '../fitting/representation.ts';
import { writeFileAtomically } from '../media/atomic-file.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';

/** How much of a fit may be lost when its process dies. */
const SAVE_EVERY_SECONDS = 60;
const FILE = /^fit-\d+\.safetensors$/;

const stateSchema = z.strictObject({
  step: z.int().min(0),
  runs: z.int().min(0),
  sums: z.strictObject({ total: z.number(), error: z.number(), rate: z.number() }),
  bestTotal: z.number().optional(),
  rng: z.array(z.int().min(0)).length(4),
  seconds: z.number().min(0),
});

/**
 * What an encoding has fitted so far, in a folder: a file for each of its fits, of which a search for a rate has several. Those that are
 * done are read again, so that the search comes by the same way to where it was.
 */
export class FitCheckpoints {
  private readonly folder: string;
  private readonly key: string;
  /** Time that what was read here took those who kept it. */
  earlierSeconds = 0;

  /**
   * Makes the folder, not those it is in.
   * @param about whatever the fits depend on besides the signal, as JSON
   * @throws `bad-argument` if it cannot
   */
  constructor(folder: string, about: unknown, signal: SignalOf[Media]) {
    this.folder = folder;
    const hash = createHash('sha256').update(JSON.stringify(about));
    digest(signal, (bytes) => hash.update(bytes));
    this.key = hash.digest('hex');
    makeFolder(folder);
  }

  /** @param fit number of the fit, from 1 */
  of(fit: number): FitCheckpoint {
    const file = path.join(this.folder, `fit-${fit}.safetensors`);
    const startedAt = performance.now();
    let savedAt = startedAt;
    let secondsBefore = 0;
    return {
      load: () => {
        if (!existsSync(file)) return undefined;
        const { seconds, ...state } = this.read(file);
        secondsBefore = seconds;
        this.earlierSeconds += seconds;
        return state;
      },
      isDue: () => performance.now() - savedAt > 1000 * SAVE_EVERY_SECONDS,
      save: async ({ tensors, ...rest }) => {
        const seconds = secondsBefore + (performance.now() - startedAt) / 1000;
        const state = JSON.stringify({ ...rest, seconds });
        // Another command with this folder may have ended and cleared it.
        makeFolder(this.folder);
        await writeFileAtomically(file, writeSafetensors(tensors, { key: this.key, state }), { force: true });
        savedAt = performance.now();
      },
    };
  }

  private read(file: string): FitState & { readonly seconds: number } {
    const { tensors, metadata } = readSafetensors(readFileSync(file), file);
    if (metadata.key !== this.key) {
      throw new CodecError('bad-argument', {
        what: `cannot go on with the fit kept in ${this.folder}`,
        found: 'one of another signal, recipe or other options',
        expected: 'one that the same command began',
        remedy: 'Name another folder, or remove this one to begin again.',
      });
    }
    const state = stateSchema.safeParse(jsonOf(metadata.state));
    if (state.success) return { ...state.data, tensors };
    throw new CodecError('bad-weights', {
      what: `cannot go on with the fit kept in ${this.folder}`,
      found: z.prettifyError(state.error),
      remedy: 'Remove the folder to begin again.',
    });
  }
}

/** What a text says, undefined where it is no JSON. */
function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function makeFolder(folder: string): void {
  try {
    if (!existsSync(folder)) mkdirSync(folder);
    readdirSync(folder);
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new CodecError(
      'bad-argument',
      { what: `cannot keep the fit in ${folder}`, found: (cause as Error).message, expected: 'a folder' },
      { cause },
    );
  }
}

/** Removes the fits that are kept in a folder, and the folder if nothing else is in it. */
export function removeFitCheckpoints(folder: string): void {
  if (!existsSync(folder)) return;
  const names = readdirSync(folder);
  const kept = names.filter((name) => FILE.test(name));
  for (const name of kept) rmSync(path.join(folder, name), { force: true });
  if (kept.length === names.length) rmdirSync(folder);
}

/** Gives all that a signal is made of, field after field. */
function digest(value: unknown, update: (bytes: string | Uint8Array) => void): void {
  if (ArrayBuffer.isView(value)) {
    update(`${value.constructor.name} ${value.byteLength}\n`);
    update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      update(`${name}\n`);
      digest(field, update);
    }
  } else update(`${value}\n`);
}
