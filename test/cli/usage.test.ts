import { describe, expect, it } from 'vitest';
import { codec, failureOf } from './command.ts';
import { freshFolders, namesIn } from './fixtures.ts';

const folder = freshFolders();

describe('wrong usage ends with status 2 and says what is wrong', () => {
  it.each([
    { args: [], says: /codec encode/ },
    { args: ['encoed', 'in.wav'], says: /encode/ },
    { args: ['encode'], says: /argument/i },
    { args: ['encode', 'in.wav', 'out.codec'], says: /out\.codec/ },
    { args: ['encode', 'in.wav', '--bitrat', '6'], says: /bitrat/ },
    { args: ['encode', 'in.wav', '--bitrate', 'six'], says: /--bitrate/ },
    { args: ['encode', 'in.wav', '--engine', 'abacus'], says: /abacus.*onnx.*tfjs-cpu/ },
    { args: ['decode', 'in.codec', '--threads', '0'], says: /--threads/ },
    { args: ['weights', 'pack', 'encodec-24k', '--step', 'fine'], says: /--step takes a number/ },
    { args: ['train', 'tiny.yaml', '--data', '.', '--out', 'a', '--steps', 'all'], says: /--steps takes/ },
    {
      args: ['train', 'tiny.yaml', '--data', '.', '--out', 'a', '--steps', '5', '--save-every', '0'],
      says: /--save-every/,
    },
    { args: ['export', 'tiny.yaml'], says: /output/ },
    { args: ['export', 'tiny.yaml', '-o', 'onnx', '--frames', '0'], says: /--frames/ },
  ])('codec $args', async ({ args, says }) => {
    const before = namesIn(folder());
    expect(failureOf(await codec(folder(), ...args), 2)).toMatch(says);
    expect(namesIn(folder())).toEqual(before);
  });

  it('--help is no error, and names the commands', async () => {
    const { status, stdout, stderr } = await codec(folder(), '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const name of ['encode', 'decode', 'info', 'recipes', 'weights', 'export', 'train', 'doctor']) {
      expect(stdout.toString()).toContain(`codec ${name}`);
    }
  });
});
