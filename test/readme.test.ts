import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readAudio } from '../src/media/audio-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const module = path.join(root, 'test', `readme-example-${process.pid}.ts`);

describe('README', () => {
  afterAll(() => rmSync(module, { force: true }));

  it('its library example runs as printed', async () => {
    const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    const heard = path.join(mkdtempSync(path.join(os.tmpdir(), 'readme-')), 'heard.wav');
    const code = example!
      .replace("'neural-codec'", "'../src/index.ts'")
      .replace("'examples/speech.wav'", JSON.stringify(path.join(root, 'examples/speech.wav')))
      .replace("'heard.wav'", JSON.stringify(heard));
    writeFileSync(module, `${code}\nexport { bytes, codes, decoded };\n`);
    const { bytes, codes, decoded } = await import(module);
    const speech = await readAudio(path.join(root, 'examples/speech.wav'), { sampleRateHz: 24000 });
    expect(decoded.channels[0].length).toBe(speech.channels[0]!.length);
    expect(bytes.length * 8).toBeLessThan(3.1e3 * 5);
    expect((await readAudio(heard)).channels[0]!.length).toBe(codes.frames * 320);
  });

  it('its two commands are those CI runs', () => {
    const [main, test] = [...readme.matchAll(/^ {4}(npm .*?)(?: +#.*)?$/gm)].map((m) => m[1]!.trim());
    const ci = readFileSync(path.join(root, '.ci/run'), 'utf8');
    expect(main).toBe('npm ci && npx codec encode examples/speech.wav --recipe encodec-24k');
    expect(test).toBe('npm test');
    expect(ci).toContain(`\n${main}\n`);
    expect(ci).toContain(`\n${test}\n`);
  });
});
