import { statSync } from 'node:fs';
import path from 'node:path';
import { type ImageSignal, openVideo, readAudio, readImage, writeAudio } from '../../src/index.ts';
import type { AudioBaseline, Baseline, ImageBaseline, VideoBaseline } from '../baselines/baseline.ts';
import { EXACT_CHROMA, type FfmpegUse, packetBytes, runFfmpeg } from '../baselines/ffmpeg.ts';
import { collectGarbage, peakMemoryBytes, resetPeakMemory } from '../peak-memory.ts';
import type { System } from './system.ts';
import type { SystemSpec } from './system-spec.ts';
import { timed } from './timed.ts';

/** An ordinary codec at a setting. */
export function baselineSystem(spec: SystemSpec, baseline: Baseline): System {
  if (baseline.media === 'audio') return audioSystem(spec, baseline);
  return baseline.media === 'image' ? imageSystem(spec, baseline) : videoSystem(spec, baseline);
}

function audioSystem({ label, settings }: SystemSpec, baseline: AudioBaseline): System {
  return {
    async run(item, scratch) {
      const [wav, coded, back] = [`in.wav`, `coded.${baseline.extension}`, 'out.wav'].map((name) =>
        path.join(scratch, name),
      ) as [string, string, string];
      const reference = await readAudio(item.path);
      await writeAudio(wav, reference, { force: true });
      const encoding = await runFfmpeg(
        ['-i', wav, '-map_metadata', '-1', ...baseline.encodeArgs(settings), coded],
        `cannot encode with ${label}`,
      );
      const rate = String(reference.sampleRateHz);
      const decoding = await runFfmpeg(
        [...baseline.decodeArgs, '-i', coded, '-ar', rate, '-c:a', 'pcm_s16le', back],
        `cannot decode ${label}`,
      );
      return {
        ...uses(encoding, decoding),
        bytes: statSync(coded).size,
        payloadBytes: await packetBytes(coded, path.join(scratch, 'packets')),
        reference,
        decoded: await readAudio(back),
      };
    },
  };
}

function imageSystem({ settings }: SystemSpec, baseline: ImageBaseline): System {
  return {
    async run(item) {
      const reference = await readImage(item.path);
      collectGarbage();
      resetPeakMemory();
      const [coded, encodeSeconds] = await timed(() => baseline.encode(reference, settings));
      const [decoded, decodeSeconds] = await timed(() => baseline.decode(coded.result));
      const here = peakMemoryBytes();
      return {
        ...uses(
          coded.use ?? { seconds: encodeSeconds, peakMemoryBytes: here },
          decoded.use ?? { seconds: decodeSeconds, peakMemoryBytes: here },
        ),
        bytes: coded.result.length,
        ...{ reference, decoded: asChannels(decoded.result, reference.channels) },
      };
    },
  };
}

const BT_709 = '-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709'.split(' ');

function videoSystem({ label, settings }: SystemSpec, baseline: VideoBaseline): System {
  return {
    async run(item, scratch) {
      const coded = path.join(scratch, `coded.${baseline.format}`);
      const encoding = await runFfmpeg(
        [
          ...['-i', item.path, '-map', '0:v:0', '-fps_mode', 'passthrough'],
          ...['-vf', `scale=out_color_matrix=bt709:out_range=tv:${EXACT_CHROMA},format=yuv420p`, ...BT_709],
          ...[...baseline.encodeArgs(settings), '-f', baseline.format, coded],
        ],
        `cannot encode with ${label}`,
      ).catch(async (error) => {
        // If it is the item's fault, reading it says so.
        for await (const _ of (await openVideo(item.path)).frames());
        throw error;
      });
      const decoding = await runFfmpeg(['-i', coded, '-f', 'null', '-'], `cannot decode ${label}`);
      return {
        ...uses(encoding, decoding),
        bytes: statSync(coded).size,
        // A raw stream has no container.
        payloadBytes: statSync(coded).size,
        reference: { kind: 'video', path: item.path },
        decoded: { kind: 'video', path: coded },
      };
    },
  };
}

function uses(encoding: FfmpegUse, decoding: FfmpegUse) {
  return {
    encodeSeconds: encoding.seconds,
    decodeSeconds: decoding.seconds,
    peakMemoryBytes: Math.max(encoding.peakMemoryBytes, decoding.peakMemoryBytes),
  };
}

/** Codecs give a grey picture back in colour, and the other way round: compared in the reference's channels. */
function asChannels(image: ImageSignal, channels: 1 | 3): ImageSignal {
  if (image.channels === channels) return image;
  const pixels = image.width * image.height;
  const data = new Uint8Array(pixels * channels);
  for (let i = 0; i < data.length; i++) {
    data[i] = channels === 3 ? image.data[Math.floor(i / 3)]! : image.data[3 * i]!;
  }
  return { ...image, channels, data };
}
