import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'built',
    emptyOutDir: true,
    target: 'es2024',
    // Newer than what the scripts need anyway (Temporal); older ones would get each colour twice.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Nothing as a data: URL, and no script in the page: the Content-Security-Policy refuses both.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
