/**
 * Brings a drawing into the form of the MNIST digits: scaled so that it fits a box of 20 by 20 pixels, placed with its
 * centre of mass in the middle of 28 by 28 (http://yann.lecun.com/exdb/mnist/).
 */

const side = 28;
const box = 20;

/** @returns 784 numbers from 0 to 1, row by row; null when nothing is drawn. */
export function toMnist(canvas) {
  const found = boundsOf(inkOf(canvas), canvas.width);
  if (found === null) return null;
  const { left, top, width, height } = found;
  const scale = box / Math.max(width, height);
  const [scaledWidth, scaledHeight] = [width * scale, height * scale];

  /** The drawing scaled, its upper left corner at (x, y). */
  const drawAt = (x, y) => {
    const small = new OffscreenCanvas(side, side);
    const context = small.getContext('2d', { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    context.drawImage(canvas, left, top, width, height, x, y, scaledWidth, scaledHeight);
    return inkOf(small);
  };
  const [x, y] = [(side - scaledWidth) / 2, (side - scaledHeight) / 2];
  const centre = centreOfMass(drawAt(x, y));
  return drawAt(x + Math.round(side / 2 - centre.x), y + Math.round(side / 2 - centre.y));
}

/** How much ink is on each pixel, from 0 to 1. */
function inkOf(canvas) {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return Float32Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] / 255);
}

/** The smallest rectangle that holds all ink, or null when there is none. */
function boundsOf(ink, width) {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  ink.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function centreOfMass(ink) {
  let [mass, x, y] = [0, 0, 0];
  ink.forEach((value, i) => {
    mass += value;
    x += value * ((i % side) + 0.5);
    y += value * (Math.floor(i / side) + 0.5);
  });
  return { x: x / mass, y: y / mass };
}
