import { Resvg } from '@resvg/resvg-js';
import { encode } from 'fast-png';
import { raise } from '../core/errors.ts';

/**
 * An SVG figure as the bytes of a PNG with the given width in pixels, on white unless `background` says otherwise.
 *
 * Text uses the fonts of the machine, and `fontFiles` where given: on a machine without fonts the picture has no text, while the SVG still shows it in a browser.
 * Throws `ArgumentError` where the width is not a number of pixels or the SVG cannot be drawn.
 *
 * @example
 * import { sentenceFigure, toPng } from 'pushforward/report';
 * const bytes = toPng(sentenceFigure('Nothing to show.'), { width: 320 });
 */
export const toPng = (
  svg: string,
  options: { readonly width: number; readonly background?: string; readonly fontFiles?: readonly string[] },
): Uint8Array => {
  if (!(Number.isInteger(options.width) && options.width > 0 && options.width <= 20_000))
    return raise('ArgumentError', 'toPng', 'the width is not a number of pixels', {
      expected: 'an integer from 1 to 20000',
      got: String(options.width),
    });
  try {
    const picture = new Resvg(svg, {
      fitTo: { mode: 'width', value: options.width },
      background: options.background ?? '#ffffff',
      font: {
        loadSystemFonts: true,
        ...(options.fontFiles === undefined ? {} : { fontFiles: [...options.fontFiles] }),
      },
    }).render();
    return new Uint8Array(picture.asPng());
  } catch (e) {
    return raise('ArgumentError', 'toPng', `the SVG cannot be drawn: ${e instanceof Error ? e.message : String(e)}`);
  }
};

/** Bytes of pixels, rows from the top: grey and alpha (2 channels) or red, green, blue and alpha (4), as a PNG file. */
export const encodePixels = (data: Uint8Array, width: number, height: number, channels: 2 | 4): Uint8Array =>
  encode({ data, width, height, channels, depth: 8 }, { zlib: { level: 9 } });

/** Bytes as a `data:` address an SVG `<image>` can hold. */
export const pngAddress = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
