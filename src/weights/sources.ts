import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { modelsFolder } from './folders.ts';

const sourceSchema = z
  .strictObject({
    about: z.string(),
    hub: z
      .strictObject({ repository: z.string(), file: z.string(), revision: z.string().default('main') })
      .optional()
      .describe('a file of a Hugging Face repository'),
    url: z.url().optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{8,64}$/)
      .optional()
      .describe('of the file, whole or its first digits'),
  })
  .refine(({ hub, url }) => (hub === undefined) !== (url === undefined), 'one of hub and url');

/** Where weights can be fetched from. */
export type WeightsSource = z.output<typeof sourceSchema>;

let known: Readonly<Record<string, WeightsSource>> | undefined;

/** What `models/sources.yaml` knows, by name. */
export function weightsSources(): Readonly<Record<string, WeightsSource>> {
  known ??= z
    .record(z.string(), sourceSchema)
    .parse(parse(readFileSync(path.join(modelsFolder, 'sources.yaml'), 'utf8')));
  return known;
}

/** The address of a source; `HF_ENDPOINT` names another hub, such as a mirror. */
export function urlOf({ hub, url }: WeightsSource): string {
  if (!hub) return url!;
  const endpoint = (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  return `${endpoint}/${hub.repository}/resolve/${hub.revision}/${hub.file}`;
}
