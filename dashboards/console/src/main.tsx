import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Problem } from './api/ask.ts'
import { App } from './frame/app.tsx'
import { Session } from './session/session.tsx'
import './styles/base.css'
import './styles/frame.css'
import './styles/events.css'
import './styles/entry.css'
import './styles/panels.css'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // What was asked wrongly stays wrong; an indexer that is busy or restarting is asked again.
      retry: (failures, error) =>
        failures < 2 && error instanceof Problem && (error.status === 0 || error.status === 503),
    },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no place for the console')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Session>
        <App />
      </Session>
    </QueryClientProvider>
  </StrictMode>,
)
