namespace SensorDash.DuckDb.Tests;
