/** Every way the toolkit can refuse its input. One code, one kind of remedy. */
export type ErrorCode =
  | 'bad-argument' // an option or value the caller passed
  | 'bad-audio' // not decodable, empty, non-finite samples, wrong channels
  | 'bad-image' // not decodable, or of a size that does not fit
  | 'bad-video' // not decodable, or frames that do not fit
  | 'bad-recipe' // unknown recipe, unknown key, wrong type
  | 'bad-weights' // absent, unreadable, wrong names or shapes
  | 'bad-tokens' // ids no layout makes of codes, or a token dataset that does not fit
  | 'bad-container' // .codec or .ecdc file truncated, damaged, newer, or for other weights
  | 'missing-kernel' // an engine lacks an operation
  | 'missing-tool' // ffmpeg or an optional package is absent
  | 'output-exists' // refusing to overwrite
  | 'cannot-download' // network, server or disk failed while fetching weights
  | 'interrupted'; // stopped by a signal

/** What the error says, in parts, so that callers can print or test each. */
export interface ErrorParts {
  /** What is wrong, as a clause: `cannot read speech.wav`. */
  readonly what: string;
  readonly found?: string;
  readonly expected?: string;
  /** What the user should do next, as a sentence. */
  readonly remedy?: string;
}

/**
 * The one error class the library throws on purpose. `message` is a single line:
 * what is wrong, what was found, what was expected, what to do.
 */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: ErrorCode;
  readonly parts: ErrorParts;

  constructor(code: ErrorCode, parts: ErrorParts, options?: { cause?: unknown }) {
    super(describe(parts), options);
    this.code = code;
    this.parts = parts;
  }
}

function describe({ what, found, expected, remedy }: ErrorParts): string {
  const facts = [found && `found ${found}`, expected && `expected ${expected}`].filter(Boolean).join(', ');
  return `${what}${facts ? `: ${facts}` : ''}.${remedy ? ` ${remedy}` : ''}`.replaceAll('\n', ' ');
}
