/** Drawing on a canvas with a mouse, a pen or a finger. */

const penWidth = 20;

/**
 * @param onChange called when something has been added.
 * @returns a function that clears the canvas.
 */
export function enableDrawing(canvas, onChange) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  Object.assign(context, { lineWidth: penWidth, lineCap: 'round', lineJoin: 'round', strokeStyle: '#fff' });
  let last = null;

  /** The canvas may be shown smaller than it is. */
  const place = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: ((clientX - left) * canvas.width) / width, y: ((clientY - top) * canvas.height) / height };
  };
  const lineTo = (next) => {
    context.beginPath();
    context.moveTo(last.x, last.y);
    context.lineTo(next.x, next.y);
    context.stroke();
    last = next;
    onChange();
  };

  canvas.addEventListener('pointerdown', (event) => {
    // The stroke goes on when the pointer leaves the canvas.
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    lineTo(last);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (last !== null) lineTo(place(event));
  });
  for (const name of ['pointerup', 'pointercancel'])
    canvas.addEventListener(name, () => {
      last = null;
    });

  return () => context.clearRect(0, 0, canvas.width, canvas.height);
}
