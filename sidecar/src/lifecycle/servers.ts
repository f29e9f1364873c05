import { type Answer, HttpServer, plain, type Routes } from '../server/http.ts';
import type { Metrics } from '../server/metrics.ts';
import { renderPage } from '../server/page.ts';
import type { Settings } from '../settings.ts';
import { EXIT, Fatal } from './exit.ts';
import type { Monitor } from './monitor.ts';

const LOOPBACK = '127.0.0.1';
/** Backups are unhealthy once an unsaved change is older than this many intervals. */
const UNHEALTHY_AFTER_INTERVALS = 2;

/** The two servers: probes and metrics for everybody, the status for who is in the pod. */
export class Servers {
  readonly #probes: HttpServer;
  readonly #status: HttpServer;

  private constructor(probes: HttpServer, status: HttpServer) {
    this.#probes = probes;
    this.#status = status;
  }

  static async listen(settings: Settings, monitor: Monitor, metrics: Metrics): Promise<Servers> {
    const probes = await listen('HTTP_PORT', settings.HTTP_PORT, probeRoutes(settings, monitor, metrics));
    try {
      const status = await listen('STATUS_PORT', settings.STATUS_PORT, statusRoutes(monitor), LOOPBACK);
      return new Servers(probes, status);
    } catch (error) {
      probes.close();
      throw error;
    }
  }

  get ports(): { readonly httpPort: number; readonly statusPort: number } {
    return { httpPort: this.#probes.port, statusPort: this.#status.port };
  }

  close(): void {
    this.#probes.close();
    this.#status.close();
  }
}

function probeRoutes(settings: Settings, monitor: Monitor, metrics: Metrics): Routes {
  // Once the application has started, a startup probe must never fail again.
  let started = false;
  const startup = (): Answer => {
    started ||= monitor.status.ready;
    // Everybody may ask here, so hosts and sets are named on the status page only.
    return started
      ? plain(200, 'The application may run.')
      : plain(503, `Not yet: ${monitor.status.state}${because(monitor)}.`);
  };
  const healthy = () => monitor.unsavedForMs <= UNHEALTHY_AFTER_INTERVALS * settings.BACKUP_INTERVAL;
  return {
    '/startup': startup,
    '/live': () => plain(200, 'The event loop turns.'),
    '/ready': () =>
      settings.READY_WHEN === 'restored' || healthy()
        ? startup()
        : plain(503, `An unsaved change is too old${because(monitor)}.`),
    '/metrics': async () => {
      monitor.refresh();
      const { type, text } = await metrics.render();
      return { status: 200, type, body: text };
    },
  };
}

function because(monitor: Monitor): string {
  const { failure } = monitor.status;
  return failure ? `, because of "${failure.reason}"` : '';
}

function statusRoutes(monitor: Monitor): Routes {
  return {
    '/': () => ({ status: 200, type: 'text/html; charset=utf-8', body: renderPage(monitor.status) }),
    '/api/status': () => ({
      status: 200,
      type: 'application/json',
      body: `${JSON.stringify(monitor.status, null, 2)}\n`,
    }),
  };
}

async function listen(setting: string, port: number, routes: Routes, host?: string): Promise<HttpServer> {
  return HttpServer.listen(routes, port, host).catch((error) => {
    throw new Fatal(
      EXIT.settings,
      'settings',
      `${setting} is ${port}, which can't be listened on (${error.message}): choose another port.`,
    );
  });
}
