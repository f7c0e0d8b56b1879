/** Names in a text of JSON, where they stand and how often: `JSON.parse` keeps the last of equal ones and says nothing. */

/** A name in an object of JSON. */
export interface JSONName {
  readonly name: string;
  /** Where it stands, in characters. */
  readonly at: number;
  /** How many objects and arrays there are around its object. */
  readonly level: number;
  /** Whether its object has had one of that name before. */
  readonly isRepeated: boolean;
}

const [quote, backslash, colon] = ['"', '\\', ':'].map((character) => character.charCodeAt(0));
const bracket = /["{}[\]]/g;

/** The first name, in a text that `JSON.parse` takes, that is as wanted. Objects within more than `levels` others are passed over. */
export function findName(text: string, levels: number, isWanted: (name: JSONName) => boolean): JSONName | null {
  /** Names of the open objects; null for an open array, and for an object that is passed over. */
  const open: (Set<string> | null)[] = [];
  bracket.lastIndex = 0;
  for (let match = bracket.exec(text); match !== null; match = bracket.exec(text)) {
    const at = match.index;
    const [character] = match;
    if (character === '{') open.push(open.length <= levels ? new Set() : null);
    else if (character === '[') open.push(null);
    else if (character !== '"') open.pop();
    else {
      const end = endOfString(text, at);
      bracket.lastIndex = end;
      const names = open.at(-1) ?? null;
      if (names === null || !isFollowedByColon(text, end)) continue;
      const name: string = JSON.parse(text.slice(at, end));
      const found: JSONName = { name, at, level: open.length - 1, isRepeated: names.has(name) };
      if (isWanted(found)) return found;
      names.add(name);
    }
  }
  return null;
}

/** Just behind the closing quotation mark of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i++;
    else if (code === quote) return i + 1;
  }
  return text.length;
}

function isFollowedByColon(text: string, from: number): boolean {
  let i = from;
  while (text.charCodeAt(i) <= 32) i++;
  return text.charCodeAt(i) === colon;
}
