import { pdfNumber } from './file.ts'
import { ellipse, numbersOf, pathOf, roundedRect } from './svg-path.ts'

/** A drawing as operators of a PDF, in a box of this size whose top left corner is the origin of an upright page. */
interface Vector {
  readonly width: number
  readonly height: number
  readonly operators: string
}

/** What a shape inherits from the groups around it. */
interface Look {
  readonly fill: string | null
  readonly stroke: string | null
  readonly strokeWidth: number
  readonly evenOdd: boolean
}

const SHAPES = new Set(['path', 'rect', 'circle', 'ellipse', 'polygon', 'polyline', 'line'])
/** Elements that draw nothing by themselves. */
const SILENT = new Set(['title', 'desc', 'metadata'])
const MOST_BYTES = 1 << 20

/**
 * Reads the SVG of a logo: shapes and paths in plain colours, in groups with transformations. Null if it has anything else, such as text,
 * gradients or images: half a logo would be worse than none.
 */
export function readSvg(bytes: Uint8Array): Vector | null {
  if (bytes.length > MOST_BYTES) return null
  const text = Buffer.from(bytes)
    .toString()
    .replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>/g, '')
  const looks: Look[] = [{ fill: '0 0 0', stroke: null, strokeWidth: 1, evenOdd: false }]
  let size: { width: number; height: number } | null = null
  let operators = ''
  let silent: string | null = null
  for (const [, end, name = '', attributes = '', closed] of text.matchAll(
    /<(\/?)([a-zA-Z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g,
  )) {
    if (silent !== null) {
      if (end === '/' && name === silent) silent = null
      continue
    }
    if (end === '/') {
      if (name === 'g') {
        looks.pop()
        operators += 'Q\n'
      }
      continue
    }
    if (SILENT.has(name)) {
      if (closed !== '/') silent = name
      continue
    }
    const given = attributesOf(attributes)
    const look = lookOf(given, looks.at(-1)!)
    if (look === null) return null
    const matrix = transformOf(given.transform)
    if (matrix === null) return null
    if (name === 'svg') {
      if (size !== null) return null
      const box = boxOf(given)
      if (box === null) return null
      size = box
      operators += `1 0 0 1 ${pdfNumber(-box.x)} ${pdfNumber(-box.y)} cm\n`
      looks.push(look)
    } else if (name === 'g') {
      operators += `q\n${matrix}`
      if (closed === '/') operators += 'Q\n'
      else looks.push(look)
    } else if (SHAPES.has(name)) {
      const path = shapeOf(name, given)
      if (path === null) return null
      operators += `q\n${matrix}${painted(path, look)}Q\n`
    } else return null
  }
  return size === null ? null : { width: size.width, height: size.height, operators: balanced(operators) }
}

/** Groups that are not closed end with the drawing. */
function balanced(operators: string): string {
  const open = (operators.match(/^q$/gm)?.length ?? 0) - (operators.match(/^Q$/gm)?.length ?? 0)
  return operators + 'Q\n'.repeat(Math.max(0, open))
}

type Attributes = Readonly<Record<string, string>>

function attributesOf(text: string): Attributes {
  const found: Record<string, string> = {}
  for (const [, name = '', double, single] of text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    found[name] = double ?? single ?? ''
  for (const [, name = '', value = ''] of (found.style ?? '').matchAll(/([\w-]+)\s*:\s*([^;]+)/g))
    found[name] = value.trim()
  return found
}

function boxOf({
  viewBox,
  width,
  height,
}: Attributes): { x: number; y: number; width: number; height: number } | null {
  const [x = 0, y = 0, w = numbersOf(width)[0] ?? 0, h = numbersOf(height)[0] ?? 0] = numbersOf(viewBox)
  return w > 0 && h > 0 ? { x, y, width: w, height: h } : null
}

const NAMES: Readonly<Record<string, string>> = { black: '0 0 0', white: '1 1 1', currentColor: '0 0 0' }

/** Null if it has something that is not drawn here. */
function lookOf(given: Attributes, around: Look): Look | null {
  if (
    given.display === 'none' ||
    given['clip-path'] !== undefined ||
    given.mask !== undefined ||
    given.filter !== undefined
  )
    return null
  for (const name of ['opacity', 'fill-opacity', 'stroke-opacity'])
    if (given[name] !== undefined && Number(given[name]) !== 1) return null
  const fill = given.fill === undefined ? around.fill : colourOf(given.fill)
  const stroke = given.stroke === undefined ? around.stroke : colourOf(given.stroke)
  if (fill === undefined || stroke === undefined) return null
  const strokeWidth = numbersOf(given['stroke-width'])[0] ?? around.strokeWidth
  const rule = given['fill-rule']
  return { fill, stroke, strokeWidth, evenOdd: rule === undefined ? around.evenOdd : rule === 'evenodd' }
}

/** Null for none, undefined for what is no plain colour. */
function colourOf(text: string): string | null | undefined {
  const name = text.trim()
  if (name === 'none' || name === 'transparent') return null
  if (NAMES[name] !== undefined) return NAMES[name]
  const [, short] = /^#([0-9a-f]{3})$/i.exec(name) ?? []
  const hex = short === undefined ? /^#([0-9a-f]{6})$/i.exec(name)?.[1] : short.replace(/./g, '$&$&')
  const parts =
    hex === undefined
      ? /^rgb\(/.test(name)
        ? numbersOf(name)
        : []
      : [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
  return parts.length === 3 && !name.includes('%')
    ? parts.map((part) => pdfNumber(part / 255)).join(' ')
    : undefined
}

/** Null if a transformation is not known here. */
function transformOf(text: string | undefined): string | null {
  let operators = ''
  for (const [, name = '', list = ''] of (text ?? '').matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const [a = 0, b, c = 0, d = 1, e = 0, f = 0] = numbersOf(list)
    const turn = (a * Math.PI) / 180
    if (name === 'matrix') operators += matrixOf(a, b ?? 0, c, d, e, f)
    else if (name === 'translate') operators += matrixOf(1, 0, 0, 1, a, b ?? 0)
    else if (name === 'scale') operators += matrixOf(a, 0, 0, b ?? a, 0, 0)
    else if (name === 'rotate' && b === undefined)
      operators += matrixOf(Math.cos(turn), Math.sin(turn), -Math.sin(turn), Math.cos(turn), 0, 0)
    else return null
  }
  return operators
}

const matrixOf = (...values: readonly number[]): string => `${values.map(pdfNumber).join(' ')} cm\n`

function painted(path: string, { fill, stroke, strokeWidth, evenOdd }: Look): string {
  if (fill === null && stroke === null) return ''
  const colours = `${fill === null ? '' : `${fill} rg\n`}${stroke === null ? '' : `${stroke} RG ${pdfNumber(strokeWidth)} w\n`}`
  const star = evenOdd ? '*' : ''
  return `${colours}${path}${fill === null ? 'S' : stroke === null ? `f${star}` : `B${star}`}\n`
}

function shapeOf(name: string, given: Attributes): string | null {
  const number = (key: string): number => numbersOf(given[key])[0] ?? 0
  switch (name) {
    case 'rect': {
      const radius = numbersOf(given.rx ?? given.ry)[0] ?? 0
      return roundedRect(number('x'), number('y'), number('width'), number('height'), radius)
    }
    case 'circle':
      return ellipse(number('cx'), number('cy'), number('r'), number('r'))
    case 'ellipse':
      return ellipse(number('cx'), number('cy'), number('rx'), number('ry'))
    case 'line':
      return `${pdfNumber(number('x1'))} ${pdfNumber(number('y1'))} m ${pdfNumber(number('x2'))} ${pdfNumber(number('y2'))} l\n`
    case 'path':
      return pathOf(given.d ?? '')
    default: {
      const points = numbersOf(given.points)
      let path = ''
      for (let i = 0; i + 1 < points.length; i += 2)
        path += `${pdfNumber(points[i]!)} ${pdfNumber(points[i + 1]!)} ${i === 0 ? 'm' : 'l'}\n`
      return name === 'polygon' ? `${path}h\n` : path
    }
  }
}
