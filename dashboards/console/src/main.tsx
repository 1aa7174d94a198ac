import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './frame/app.tsx'
import { OutageBanner } from './frame/outage.tsx'
import { Session } from './session/session.tsx'
import './styles/base.css'
import './styles/frame.css'
import './styles/events.css'
import './styles/entry.css'
import './styles/panels.css'
import './styles/charts.css'
import './styles/rules.css'
import './styles/alerts.css'
import './styles/reports.css'
import './styles/cases.css'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // Whether the indexer is there is seen by asking it, also on this machine without a network.
      networkMode: 'always',
      refetchOnWindowFocus: false,
      // A wrong question stays wrong; and a question itself waits for an indexer that is away.
      retry: false,
    },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no place for the console')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <OutageBanner />
      <Session>
        <App />
      </Session>
    </QueryClientProvider>
  </StrictMode>,
)
