/**
 * The order of texts in every adapter: by code point. JavaScript's own `<` goes by UTF-16 unit, and so puts U+1F600
 * before U+FF5E.
 */
export const byCodePoint = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

// A surrogate is half of a code point above U+FFFF: it comes after every unit that is a code point of its own.
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
