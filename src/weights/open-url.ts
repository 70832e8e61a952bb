import { notAnAddress, refusedRedirect } from './download-errors.ts';

export interface UrlRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as a bearer token to the host of `url` and to none it redirects to. */
  readonly token?: string | undefined;
  readonly signal: AbortSignal;
}

export interface UrlReply {
  /** The first response that is no redirect; its body is still to be read. */
  readonly response: Response;
  /** SHA-256 and size of the file as the Hugging Face hub tells them on the way to where the file lies. */
  readonly linkedSha256?: string;
  readonly linkedBytes?: number;
}

const MAX_REDIRECTS = 10;

/**
 * GET, redirects followed one by one: the hub tells of a file (x-linked-etag, x-linked-size) in the redirect to its
 * storage (huggingface_hub, file_download.py, get_hf_file_metadata).
 */
export async function openUrl(url: string, { headers, token, signal }: UrlRequest): Promise<UrlReply> {
  const first = parse(url);
  let at = first;
  let linked: Omit<UrlReply, 'response'> = {};
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const own = at.origin === first.origin;
    const response = await fetch(at, {
      headers: { ...headers, ...(token && own && { authorization: `Bearer ${token}` }) },
      redirect: 'manual',
      signal,
    });
    if (own) linked = { ...linked, ...linkedOf(response.headers) };
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return { response, ...linked };
    await response.body?.cancel();
    const next = new URL(location, at);
    // What was asked for over TLS must not come without it.
    if (next.protocol !== 'https:' && next.protocol !== at.protocol) throw refusedRedirect(url, next.href);
    at = next;
  }
  throw refusedRedirect(url, `${MAX_REDIRECTS} redirects`);
}

function parse(url: string): URL {
  try {
    const parsed = new URL(url);
    if (/^https?:$/.test(parsed.protocol)) return parsed;
  } catch {
    // Told below.
  }
  throw notAnAddress(url);
}

function linkedOf(headers: Headers): Omit<UrlReply, 'response'> {
  const etag = headers.get('x-linked-etag')?.replace(/^W\//, '').replaceAll('"', '').toLowerCase();
  const size = Number(headers.get('x-linked-size') ?? Number.NaN);
  return {
    // Files too small for large-file storage have the SHA-1 of their git blob there.
    ...(etag && /^[0-9a-f]{64}$/.test(etag) && { linkedSha256: etag }),
    ...(Number.isSafeInteger(size) && { linkedBytes: size }),
  };
}
