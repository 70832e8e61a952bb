import type { Argv } from 'yargs';
import { deviceFor, engineNames } from '../engine/catalogue.ts';
import { type DeviceName, deviceNames } from '../engine/devices.ts';
import { parseAssignments } from '../recipe/overrides.ts';

export interface ComputeArgs {
  engine: string;
  device: DeviceName | undefined;
  threads: number | undefined;
}

export interface CodecArgs extends ComputeArgs {
  set: string[];
}

export interface OutputArgs {
  output: string | undefined;
  force: boolean;
  quiet: boolean;
}

export interface JsonArgs {
  json: boolean;
}

/** Options of every command that runs a codec. */
export function codecOptions<T>(args: Argv<T>) {
  return computeOptions(setOption(args));
}

/** Options of every command that runs a codec whose settings are known. */
export function computeOptions<T>(args: Argv<T>) {
  return args
    .option('engine', { choices: engineNames, default: 'onnx', describe: 'what computes' })
    .option('device', { choices: deviceNames, describe: "where it computes; the engine's own if not said" })
    .option('threads', { type: 'number', describe: 'threads to use; all cores if not said' })
    .check(({ engine, device, threads }) => {
      deviceFor(engine, device);
      return wholeNumbers({ threads });
    });
}

/** Throws unless all options that are given are whole numbers from 1. */
export function wholeNumbers(options: Readonly<Record<string, number | undefined>>): true {
  const wrong = Object.entries(options).find(
    ([, value]) => value !== undefined && !(Number.isSafeInteger(value) && value > 0),
  );
  if (wrong === undefined) return true;
  throw new Error(`--${wrong[0]} takes a whole number from 1`);
}

/** The option of every command that takes a recipe and does something with it. */
export function setOption<T>(args: Argv<T>) {
  return args
    .option('set', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      describe: 'change a setting of the recipe: path=value',
    })
    .check(({ set }) => {
      parseAssignments(set);
      return true;
    });
}

/** Options of every command that writes a file. */
export function outputOptions<T>(args: Argv<T>) {
  return args
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: 'file to write; - for standard output',
    })
    .option('force', { type: 'boolean', default: false, describe: 'replace the output if it exists' })
    .option('quiet', { type: 'boolean', default: false, describe: 'print nothing but errors' });
}

export function jsonOption<T>(args: Argv<T>) {
  return args.option('json', { type: 'boolean', default: false, describe: 'print one JSON object' });
}

/** What the common options say, in the library's terms. */
export function loadOptions(args: CodecArgs) {
  return { engine: args.engine, set: args.set, ...engineOptions(args) };
}

/** What they say of how to compute. */
export function engineOptions({ device, threads }: Pick<ComputeArgs, 'device' | 'threads'>) {
  return { ...(device !== undefined && { device }), ...(threads !== undefined && { threads }) };
}
