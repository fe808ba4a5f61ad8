// Chart.js with the parts that the charts use. A bundle of its own: it loads after the first paint, and only where charts are.
import { Chart, LineController, LineElement, LinearScale, PointElement, Tooltip } from 'chart.js';

Chart.register(LineController, LineElement, LinearScale, PointElement, Tooltip);

globalThis.Chart = Chart; // The modules of the other bundle find it there.
