import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readAudio } from '../src/media/audio-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const tokensDoc = readFileSync(path.join(root, 'docs/tokens.md'), 'utf8');
const module = (name: string) => path.join(root, 'test', `readme-${name}-${process.pid}.ts`);

/** The examples in TypeScript of a text. */
const examplesIn = (text: string) => [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!);

/** Runs an example as printed, with files of the project; gives some of its constants. */
async function run(name: string, example: string, constants: readonly string[], heard = 'heard.wav') {
  const code = example
    .replace("'neural-codec'", "'../src/index.ts'")
    .replace("'neural-codec/tokens'", "'../src/tokens/index.ts'")
    .replace("'examples/speech.wav'", JSON.stringify(path.join(root, 'examples/speech.wav')))
    .replace("'heard.wav'", JSON.stringify(heard));
  writeFileSync(module(name), `${code}\nexport { ${constants.join(', ')} };\n`);
  return import(module(name));
}

describe('README', () => {
  afterAll(() => {
    for (const name of ['library', 'tokens']) rmSync(module(name), { force: true });
  });

  it('its library example runs as printed', async () => {
    const heard = path.join(mkdtempSync(path.join(os.tmpdir(), 'readme-')), 'heard.wav');
    const [example] = examplesIn(readme);
    const { bytes, codes, decoded } = await run('library', example!, ['bytes', 'codes', 'decoded'], heard);
    const speech = await readAudio(path.join(root, 'examples/speech.wav'), { sampleRateHz: 24000 });
    expect(decoded.channels[0].length).toBe(speech.channels[0]!.length);
    expect(bytes.length * 8).toBeLessThan(3.1e3 * 5);
    expect((await readAudio(heard)).channels[0]!.length).toBe(codes.frames * 320);
  });

  const [tokens] = examplesIn(tokensDoc);

  it('the example of docs/tokens.md runs as printed', async () => {
    const constants = ['tokens', 'ids', 'codes', 'heard'];
    const result = await run('tokens', tokens!, constants);
    const frames = result.tokens.codes[0].length;
    expect(result.ids).toHaveLength(8);
    // bos, eos, and the delay of the last of 8 codebooks.
    expect(result.ids[0]).toHaveLength(frames + 2 + 7);
    expect(result.codes).toEqual(result.tokens.codes);
    expect(result.heard.channels[0]).toHaveLength(frames * 1280);
  });

  it('its example of tokens is that of docs/tokens.md, where it has one', () => {
    const others = examplesIn(readme).filter((example) => example.includes("'neural-codec/tokens'"));
    for (const example of others) expect(example).toBe(tokens);
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
