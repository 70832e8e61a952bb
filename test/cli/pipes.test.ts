import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readAudio } from '../../src/media/audio-file.ts';
import { codec, failureOf, jsonOf, pipeThrough, start } from './command.ts';
import { chirp, freshFolders, namesIn, wavBytes, wavHeader } from './fixtures.ts';

const folder = freshFolders();
const inFolder = (name: string) => path.join(folder(), name);
const tiny = ['--recipe', 'tiny.yaml'];
const OPEN_SIZE = 0xffffffff;

describe('standard input and output', () => {
  it('carry the same bytes as files do; the summary goes to stderr then', async () => {
    const wav = wavBytes(chirp(30000));
    writeFileSync(inFolder('in.wav'), wav);
    const encoded = await pipeThrough(folder(), wav, 'encode', '-', ...tiny, '--json');
    expect(encoded.status).toBe(0);
    expect(JSON.parse(encoded.stderr)).toMatchObject({
      input: '-',
      output: '-',
      bytes: encoded.stdout.length,
    });
    jsonOf(await codec(folder(), 'encode', 'in.wav', '-o', 'file.codec', ...tiny, '--json'));
    expect(encoded.stdout).toEqual(readFileSync(inFolder('file.codec')));

    const args = ['decode', '-', '--output', '-', ...tiny, '--quiet'];
    const decoded = await pipeThrough(folder(), encoded.stdout, ...args);
    expect(decoded).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(inFolder('piped.wav'), decoded.stdout);
    jsonOf(await codec(folder(), 'decode', 'file.codec', ...tiny, '--json'));
    const [piped, filed] = await Promise.all(['piped.wav', 'file.wav'].map((n) => readAudio(inFolder(n))));
    expect(piped).toEqual(filed);
    expect(piped!.channels[0]!.length).toBe(30000);
  });

  it.each([
    { args: ['encode', '-', '-o', 'out.wav', ...tiny], input: wavBytes(chirp(2400)) },
    { args: ['decode', '-', '-o', 'out.wav', ...tiny], input: Buffer.from('no .codec file') },
  ])('an error ends the command though its input goes on: $args.0', async ({ args, input }) => {
    writeFileSync(inFolder('out.wav'), 'precious');
    const { child, outcome } = await start(folder(), ...args);
    child.stdin!.write(input);
    expect(failureOf(await outcome)).toMatch(
      args[0] === 'encode' ? /out\.wav.*--force/ : /not a .codec file/,
    );
    expect(readFileSync(inFolder('out.wav'), 'utf8')).toBe('precious');
  });
});

describe('an interrupted run', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind after %s', async (signal) => {
    const before = namesIn(folder());
    const { child, outcome } = await start(folder(), 'encode', '-', '-o', 'out.codec', ...tiny);
    // Sound without end: the run is under way for as long as it takes to interrupt it.
    child.stdin!.write(wavHeader(OPEN_SIZE, {}));
    let ended = false;
    void outcome.then(() => {
      ended = true;
    });
    const block = wavBytes(chirp(24000)).subarray(44);
    for (let i = 0; i < 600 && !ended; i++) {
      child.stdin!.write(block);
      // The temporary file is there: the run has begun to write.
      if (namesIn(folder()).length > before.length) break;
      await sleep(50);
    }
    expect(namesIn(folder())).toHaveLength(before.length + 1);
    expect(namesIn(folder())).not.toContain('out.codec');
    child.kill(signal);
    expect(await outcome).toMatchObject({ status: null, signal, stderr: '' });
    expect(namesIn(folder())).toEqual(before);
  });
});
