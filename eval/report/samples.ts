import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type AudioSignal,
  CodecError,
  type ImageSignal,
  openVideo,
  readAudio,
  readImage,
  resample,
  writeAudio,
  writeImage,
} from '../../src/index.ts';
import { runFfmpeg } from '../baselines/ffmpeg.ts';
import type { Item } from '../batch/items.ts';
import { type Row, rateOf, rateUnit } from '../batch/row.ts';
import { middleFrame } from '../batch/work.ts';
import type { Sample, SampleVersion } from './data.ts';

const LONGEST_SECONDS = 10;
const SPECTROGRAM = { width: 480, height: 140 };

/** An item and what each system made of it, as a page can hold them: sound up to 10 s, pictures without loss. */
export async function sampleOf(output: string, item: Item, rows: readonly Row[]): Promise<Sample> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'codec-report-'));
  try {
    // Whoever tidied the folder up loses the sample, not the report.
    const own = rows.filter(
      (row) => row.item === item.id && row.sample && existsSync(path.join(output, row.sample)),
    );
    const versions: SampleVersion[] = [
      { system: 'original', caption: '', ...(await original(item, own, folder)) },
    ];
    for (const row of own) {
      const file = path.join(output, row.sample!);
      const shown =
        item.media === 'audio'
          ? await soundOf(await readAudio(file), await rateHz(item), folder)
          : { source: dataUri(file, 'image/webp') };
      versions.push({ system: row.system, caption: captionOf(row), ...shown });
    }
    return { item: item.id, media: item.media, versions };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function original(item: Item, rows: readonly Row[], folder: string) {
  if (item.media === 'audio') {
    const audio = await readAudio(item.path);
    return soundOf(audio, audio.sampleRateHz, folder);
  }
  let picture: ImageSignal | undefined;
  if (item.media === 'image') picture = await readImage(item.path);
  else {
    const { frameRateHz } = await openVideo(item.path);
    picture = await middleFrame(item.path, Math.round((rows[0]?.durationSeconds ?? 0) * frameRateHz));
  }
  const file = path.join(folder, 'original.webp');
  await writeImage(file, picture!, { force: true });
  return { source: dataUri(file, 'image/webp') };
}

async function rateHz(item: Item): Promise<number> {
  return (await readAudio(item.path)).sampleRateHz;
}

/** Sound with its picture. Spectrograms reach up to half the original's rate, so that they can be compared. */
async function soundOf(audio: AudioSignal, referenceHz: number, folder: string) {
  const { sampleRateHz, channels } = await resample(audio, referenceHz);
  const head = channels.map((samples) => samples.subarray(0, LONGEST_SECONDS * sampleRateHz));
  const wav = path.join(folder, 'sound.wav');
  await writeAudio(wav, { kind: 'audio', sampleRateHz, channels: head }, { force: true });
  const source = dataUri(wav, 'audio/wav');
  try {
    const png = path.join(folder, 'spectrogram.png');
    const { width, height } = SPECTROGRAM;
    const filter = `aformat=channel_layouts=mono,showspectrumpic=s=${width}x${height}:legend=0:color=magma:scale=log:drange=90`;
    await runFfmpeg(['-i', wav, '-lavfi', filter, png], 'cannot draw a spectrogram');
    return { source, spectrogram: dataUri(png, 'image/png') };
  } catch (error) {
    // Sound without a picture of it is still worth having.
    if (error instanceof CodecError) return { source };
    throw error;
  }
}

function captionOf(row: Row): string {
  const values = Object.entries(row.metrics).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  return [`${rateOf(row).toPrecision(3)} ${rateUnit(row.media)}`, ...values].join(' · ');
}

function dataUri(file: string, type: string): string {
  return `data:${type};base64,${readFileSync(file).toString('base64')}`;
}
