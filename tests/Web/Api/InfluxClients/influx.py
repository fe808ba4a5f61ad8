# Debian's python3-influxdb, as its manual shows it. Arguments: host, port, Unix time of the first reading. Prints what it saw.
import json
import sys

from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError

host, port, time = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def point(node, seconds, **fields):
    return {"measurement": "climate", "tags": {"node": node}, "fields": fields, "time": time + seconds}


client = InfluxDBClient(host, port, "any", "any", "hub", gzip=True)
version = client.ping()
client.create_database("hub")
databases = [database["name"] for database in client.get_list_database()]
client.write_points([point("31", i, temp=20 + i / 100, hum=50.5) for i in range(250)], time_precision="s", batch_size=100)
client.write(["climate,node=32 temp=1.25 %d" % time], {"db": "hub", "precision": "s"}, protocol="line")
error = ""
try:
    client.write_points([point("kitchen", 0, temp=1.0)], time_precision="s")
except InfluxDBClientError as e:
    error = "%d %s" % (e.code, e.content)
print(json.dumps({"version": version, "databases": databases, "error": error}))
