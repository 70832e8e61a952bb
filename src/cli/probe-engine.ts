// Run by codec doctor in a process of its own: `node probe-engine.js ENGINE DEVICE`. Prints why the two do not work, or
// nothing when they do. What libraries print, and drivers that crash, stay in here.
import type { DeviceName } from '../engine/devices.ts';
import { probe } from '../engine/probe.ts';

const [engine, device] = process.argv.slice(2) as [string, DeviceName];
try {
  await probe(engine, device);
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : String(error));
}
