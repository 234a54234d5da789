// Starts the pages.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { ToastProvider } from "./components/feedback";
import { App } from "./shell/app";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/dialogs.css";
import "./styles/forms.css";
import "./styles/pages.css";
import "./styles/care.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // A question the server has answered with an error is not asked again; one it did not hear is.
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && [0, 502, 503, 504].includes(error.status),
      retryDelay: (attempt) => 400 * 2 ** attempt,
    },
  },
});

const root = document.getElementById("root");
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <ToastProvider>
          <App />
        </ToastProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
