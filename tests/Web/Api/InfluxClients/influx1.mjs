// The client of InfluxDB 1 for Node, as its manual shows it. Arguments: host, port, Unix time of the first reading. Prints what it saw.
import { InfluxDB } from 'influx';

const [host, port, time] = process.argv.slice(2);
const influx = new InfluxDB({ host, port: Number(port), database: 'hub' });
const at = seconds => new Date((Number(time) + seconds) * 1000);

const [{ online }] = await influx.ping(60_000);
await influx.createDatabase('hub');
const databases = await influx.getDatabaseNames();
await influx.writePoints(
  [
    { measurement: 'climate', tags: { node: '11' }, fields: { temp: 21.5, hum: 40.2 }, timestamp: at(0) },
    { measurement: 'climate', tags: { node: '11' }, fields: { temp: -3.25 }, timestamp: at(30) },
  ],
  { precision: 's' });
await influx.writeMeasurement('climate', [{ tags: { node: '12' }, fields: { hum: 99.99 }, timestamp: at(0) }]); // In nanoseconds.
let error = '';
try {
  await influx.writePoints([{ measurement: 'climate', tags: { node: 'kitchen' }, fields: { temp: 1 }, timestamp: at(0) }]);
} catch (e) {
  error = e.message;
}
console.log(JSON.stringify({ online, databases, error }));
