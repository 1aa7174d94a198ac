import { pdfNumber } from './file.ts'

const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi
export const numbersOf = (text: string | undefined): number[] => (text?.match(NUMBER) ?? []).map(Number)

/** The distance of a curve's handle that makes a quarter of a circle. */
const QUARTER = 0.5522847498

export function ellipse(x: number, y: number, rx: number, ry: number): string {
  const [kx, ky] = [rx * QUARTER, ry * QUARTER]
  const curve = (...values: readonly number[]): string => `${values.map(pdfNumber).join(' ')} c\n`
  return (
    `${pdfNumber(x + rx)} ${pdfNumber(y)} m\n` +
    curve(x + rx, y + ky, x + kx, y + ry, x, y + ry) +
    curve(x - kx, y + ry, x - rx, y + ky, x - rx, y) +
    curve(x - rx, y - ky, x - kx, y - ry, x, y - ry) +
    curve(x + kx, y - ry, x + rx, y - ky, x + rx, y) +
    'h\n'
  )
}

export function roundedRect(x: number, y: number, width: number, height: number, radius: number): string {
  if (radius <= 0) return `${[x, y, width, height].map(pdfNumber).join(' ')} re\n`
  const r = Math.min(radius, width / 2, height / 2)
  const arc = `a${r} ${r} 0 0 1 `
  return (
    pathOf(
      `M${x + r} ${y}h${width - 2 * r}${arc}${r} ${r}v${height - 2 * r}${arc}${-r} ${r}h${2 * r - width}${arc}${-r} ${-r}v${2 * r - height}${arc}${r} ${-r}z`,
    ) ?? ''
  )
}

const TAKES: Readonly<Record<string, number>> = { m: 2, l: 2, h: 1, v: 1, c: 6, s: 4, q: 4, t: 2, a: 7, z: 0 }

/** The commands of a path; null if it is none. */
export function pathOf(text: string): string | null {
  let [x, y, startX, startY, handleX, handleY] = [0, 0, 0, 0, 0, 0]
  let before = ''
  let path = ''
  for (const [, letter = '', list = ''] of text.matchAll(/([a-zA-Z])([^a-zA-Z]*(?:e[-+]?\d+[^a-zA-Z]*)*)/g)) {
    const command = letter.toLowerCase()
    const takes = TAKES[command]
    if (takes === undefined) return null
    const relative = letter === command
    const values = command === 'a' ? arcNumbers(list) : numbersOf(list)
    if (takes === 0) {
      path += 'h\n'
      ;[x, y] = [startX, startY]
      before = command
      continue
    }
    if (values.length === 0 || values.length % takes !== 0) return null
    for (let at = 0; at < values.length; at += takes) {
      const part = values.slice(at, at + takes)
      const [fromX, fromY] = relative ? [x, y] : [0, 0]
      if (command === 'h') x = fromX + part[0]!
      else if (command === 'v') y = fromY + part[0]!
      const points = part.map((value, index) => value + (index % 2 === 0 ? fromX : fromY))
      const smooth = (kinds: string): [number, number] =>
        kinds.includes(before) && before !== '' ? [2 * x - handleX, 2 * y - handleY] : [x, y]
      if (command === 'a') {
        const [endX, endY] = [part[5]! + fromX, part[6]! + fromY]
        path += arc(x, y, part, endX, endY)
        ;[x, y] = [endX, endY]
      } else if (command === 'm' || command === 'l') {
        ;[x = 0, y = 0] = points
        const begins = command === 'm' && at === 0
        if (begins) [startX, startY] = [x, y]
        path += `${pdfNumber(x)} ${pdfNumber(y)} ${begins ? 'm' : 'l'}\n`
      } else if (command === 'h' || command === 'v') path += `${pdfNumber(x)} ${pdfNumber(y)} l\n`
      else {
        const quadratic = command === 'q' || command === 't'
        const [hx, hy] =
          command === 's' ? smooth('cs') : command === 't' ? smooth('qt') : [points[0]!, points[1]!]
        const rest = command === 'c' || command === 'q' ? points.slice(2) : points
        const [endX, endY] = rest.slice(-2) as [number, number]
        const second: [number, number] = quadratic ? [hx, hy] : [rest[0]!, rest[1]!]
        const [c1, c2] = quadratic
          ? [
              [x + (2 / 3) * (hx - x), y + (2 / 3) * (hy - y)],
              [endX + (2 / 3) * (hx - endX), endY + (2 / 3) * (hy - endY)],
            ]
          : [[hx, hy], second]
        path += `${[...c1, ...c2, endX, endY].map(pdfNumber).join(' ')} c\n`
        ;[handleX, handleY] = second
        ;[x, y] = [endX, endY]
      }
      before = command
    }
  }
  return path === '' ? null : path
}

/** The two flags of an arc may stand together with what follows: `a1 1 0 01.5.5`. */
function arcNumbers(text: string): number[] {
  const found: number[] = []
  const token = /\s*,?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)/iy
  const flag = /\s*,?\s*([01])/y
  for (let at = 0; ; ) {
    const place = found.length % 7
    const pattern = place === 3 || place === 4 ? flag : token
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return found
    found.push(Number(match[1]))
    at = pattern.lastIndex
  }
}

/** An arc of an ellipse as curves, by the formulas of appendix B.2.4 of SVG 2. */
function arc(x: number, y: number, part: readonly number[], endX: number, endY: number): string {
  let [rx, ry] = [Math.abs(part[0]!), Math.abs(part[1]!)]
  if (rx === 0 || ry === 0) return `${pdfNumber(endX)} ${pdfNumber(endY)} l\n`
  if (x === endX && y === endY) return ''
  const turn = (part[2]! * Math.PI) / 180
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)]
  const [dx, dy] = [(x - endX) / 2, (y - endY) / 2]
  const [px, py] = [cos * dx + sin * dy, cos * dy - sin * dx]
  const grow = Math.sqrt(Math.max(1, (px / rx) ** 2 + (py / ry) ** 2))
  rx *= grow
  ry *= grow
  const below = (rx * py) ** 2 + (ry * px) ** 2
  const root = Math.sqrt(Math.max(0, ((rx * ry) ** 2 - below) / below)) * (part[3] === part[4] ? -1 : 1)
  const [qx, qy] = [(root * rx * py) / ry, (-root * ry * px) / rx]
  const [cx, cy] = [cos * qx - sin * qy + (x + endX) / 2, sin * qx + cos * qy + (y + endY) / 2]
  const first = Math.atan2((py - qy) / ry, (px - qx) / rx)
  let sweep = Math.atan2((-py - qy) / ry, (-px - qx) / rx) - first
  if (part[4] === 0 && sweep > 0) sweep -= 2 * Math.PI
  if (part[4] === 1 && sweep < 0) sweep += 2 * Math.PI
  const steps = Math.ceil(Math.abs(sweep) / (Math.PI / 2) - 1e-9)
  const step = sweep / steps
  const handle = (4 / 3) * Math.tan(step / 4)
  const at = (angle: number, along: number): [number, number] => {
    const ux = rx * (Math.cos(angle) - along * Math.sin(angle))
    const uy = ry * (Math.sin(angle) + along * Math.cos(angle))
    return [cx + cos * ux - sin * uy, cy + sin * ux + cos * uy]
  }
  let curves = ''
  for (let i = 0; i < steps; i++) {
    const [from, to] = [first + i * step, first + (i + 1) * step]
    curves += `${[...at(from, handle), ...at(to, -handle), ...at(to, 0)].map(pdfNumber).join(' ')} c\n`
  }
  return curves
}
