/** What the page shows, in its order. */
import type { BenchDocument } from '../report/document.js';
import type { Section } from './figure.js';
import type { Names } from './names.js';
import { growthSection } from './sections/growth.js';
import { elementwiseSection, forwardSection, gemmSection } from './sections/parts.js';
import { trainingSection } from './sections/training.js';

/** Those for which something was measured. */
export function sectionsOf(document: BenchDocument, names: Names): Section[] {
  const sections = [trainingSection, growthSection, forwardSection, gemmSection, elementwiseSection];
  return sections.map((section) => section(document, names)).filter(({ figures }) => figures.length > 0);
}
