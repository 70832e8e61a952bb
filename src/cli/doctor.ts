import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandModule } from 'yargs';
import { packageRoot } from '../core/package-root.ts';
import { engineNames, engines } from '../engine/catalogue.ts';
import type { DeviceName } from '../engine/devices.ts';
import { packageVersion } from '../engine/optional-package.ts';
import { listWeights } from '../recipe/list-weights.ts';
import { cacheFolder } from '../weights/folders.ts';
import { jsonOption } from './options.ts';
import { lineOf } from './weights-list.ts';

/** Whether something works, and why not. */
interface Finding {
  readonly works: boolean;
  readonly reason?: string;
}

const PROBE_MS = 60_000;

export const doctorCommand: CommandModule<object, { json: boolean }> = {
  command: 'doctor',
  describe: 'tell what works on this machine, and why the rest does not',
  builder: (args) => jsonOption(args).version(false) as never,

  async handler({ json }) {
    const [engineReports, ffmpeg] = await Promise.all([examineEngines(), examineFfmpeg()]);
    const report = {
      version: ownPackage().version,
      node: { version: process.version, required: ownPackage().engines.node, platform: platform() },
      processors: os.availableParallelism(),
      engines: engineReports,
      ffmpeg,
      cacheFolder: cacheFolder(),
      weights: listWeights(),
    };
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : asText(report));
  },
};

type Report = Awaited<ReturnType<typeof examineEngines>>;

function platform(): string {
  return `${process.platform} ${process.arch}`;
}

function ownPackage(): { version: string; engines: { node: string } } {
  return JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
}

async function examineEngines() {
  const reports = [];
  for (const name of engineNames) {
    const { about, packageName, devices } = engines[name];
    const version = packageVersion(packageName);
    const findings: ({ name: DeviceName } & Finding)[] = [];
    // One after another: each is a process with threads of its own.
    for (const device of devices) findings.push({ name: device, ...(await examine(name, device)) });
    reports.push({ name, about, packageName, version: version ?? null, devices: findings });
  }
  return reports;
}

/** Tries an engine on a device in another process, which may crash. */
function examine(engine: string, device: DeviceName): Promise<Finding> {
  const script = fileURLToPath(new URL('./probe-engine.js', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script, engine, device], { timeout: PROBE_MS }, (error, stdout) => {
      if (stdout) resolve({ works: false, reason: stdout.replace(/\s*\n\s*/g, ' ') });
      else if (!error) resolve({ works: true });
      else resolve({ works: false, reason: `its process ended with ${error.signal ?? error.code}.` });
    });
  });
}

function examineFfmpeg(): Promise<Finding & { version: string | null }> {
  return new Promise((resolve) => {
    // Where fluent-ffmpeg looks for it.
    execFile(process.env.FFMPEG_PATH || 'ffmpeg', ['-version'], (error, stdout) => {
      const version = /ffmpeg version (\S+)/.exec(stdout)?.[1];
      if (!error && version) resolve({ works: true, version });
      else
        resolve({
          works: false,
          version: null,
          reason: 'not found: only WAV is read and written. Install it (Debian: apt-get install ffmpeg).',
        });
    });
  });
}

function asText(report: {
  version: string;
  node: { version: string; required: string; platform: string };
  processors: number;
  engines: Report;
  ffmpeg: Finding & { version: string | null };
  cacheFolder: string;
  weights: ReturnType<typeof listWeights>;
}): string {
  const { version, node, processors, ffmpeg, weights } = report;
  const line = (name: string, text: string) => `${name.padEnd(24)} ${text}\n`;
  const verdict = ({ works, reason }: Finding) => (works ? 'works' : `no: ${reason}`);
  return [
    line('neural-codec', version),
    line('node', `${node.version} (needs ${node.required}), ${node.platform}, ${processors} processors`),
    ...report.engines.flatMap((engine) => [
      '\n',
      line(`engine ${engine.name}`, engine.about),
      line('  package', `${engine.packageName} ${engine.version ?? 'not installed'}`),
      ...engine.devices.map((device) => line(`  device ${device.name}`, verdict(device))),
    ]),
    '\n',
    line('ffmpeg', ffmpeg.version ?? verdict(ffmpeg)),
    line('cache', report.cacheFolder),
    '\nweights\n',
    ...weights.map((each) => `  ${lineOf(each)}\n`),
  ].join('');
}
