// The client of InfluxDB 2 for Node, as its manual shows it. Arguments: address, Unix time of the first reading. Prints what it saw.
import { InfluxDB, Point } from '@influxdata/influxdb-client';
import { HealthAPI, PingAPI } from '@influxdata/influxdb-client-apis';

const [url, time] = process.argv.slice(2);
const influx = new InfluxDB({ url, token: 'any' });
const point = (node, seconds) => new Point('climate').tag('node', node).timestamp(Number(time) + seconds);

const { status } = await new HealthAPI(influx).getHealth();
await new PingAPI(influx).getPing();
const writes = influx.getWriteApi('any-org', 'any-bucket', 's', { gzipThreshold: 100, batchSize: 500, maxRetries: 0 });
for (let i = 0; i < 1200; i++) writes.writePoint(point('21', i).floatField('temp', (2000 + i) / 100).intField('hum', i));
await writes.close();
let error = '';
const failing = influx.getWriteApi('any-org', 'any-bucket', 's', { maxRetries: 0, writeFailed: e => { error = `${e.statusCode} ${e.code}: ${e.message}`; } });
failing.writePoint(point('22', 0).floatField('temp', 1));
failing.writePoint(point('kitchen', 0).floatField('temp', 1));
await failing.close().catch(() => {});
console.log(JSON.stringify({ status, error }));
