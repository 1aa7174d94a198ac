import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/** What the pages name is there: files are moved and renamed, and nobody reads all pages again. */
const ROOT = join(import.meta.dirname, '..')
const PAGES = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && !path.includes('/samples/') && existsSync(join(ROOT, path)))

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '')

/** A file of the project by its whole path. What is in capitals represents a name. */
const NAMED =
  /`((?:agent|indexer|schema|config|dashboards|demo|bench|test|docs|bin|integrations)\/[\w./-]+\.(?:as\.ts|ts|tsx|js|md|yml|json|wasm))`/g
const LINK = /\]\(([^)\s]+)\)/g

/** As GitHub makes them of headings. */
const anchorsOf = (text: string): string[] =>
  [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  )

describe.each(PAGES)('%s', (page) => {
  it('names files that are there', () => {
    const named = [...textOf(page).matchAll(NAMED)].map(([, path = '']) => path)
    const missing = named.filter((path) => !/[A-Z]{3}/.test(path) && !existsSync(join(ROOT, path)))
    expect(missing).toEqual([])
  })

  it('links to pages and headings that are there', () => {
    const broken = [...withoutCode(textOf(page)).matchAll(LINK)]
      .map(([, link = '']) => link)
      .filter((link) => {
        if (/^[a-z]+:/.test(link)) return false
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? page : normalize(join(dirname(page), path))
        if (!existsSync(join(ROOT, target))) return true
        return anchor !== undefined && target.endsWith('.md') && !anchorsOf(textOf(target)).includes(anchor)
      })
    expect(broken).toEqual([])
  })
})
