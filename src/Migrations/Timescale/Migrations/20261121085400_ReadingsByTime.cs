using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Timescale.Migrations
{
    /// <summary>Cuts the readings into chunks of measured time where the server has TimescaleDB; the comment of the table says what was done.</summary>
    [DbContext(typeof(TimescaleContext))]
    [Migration("20261121085400_ReadingsByTime")]
    public partial class ReadingsByTime : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Only a preloaded extension can be used, and only its loader has this setting: where it is missing, or switched off for the
            // database, the table stays as it is. The chunk interval is the default of the setting; the program follows the setting at start.
            migrationBuilder.Sql("""
                DO $$
                BEGIN
                    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
                        OR coalesce(current_setting('timescaledb.disable_load', true), 'on') = 'on' THEN
                        COMMENT ON TABLE sensor_readings IS 'One table: the server had no TimescaleDB when this schema was made.';
                        RETURN;
                    END IF;
                    BEGIN
                        CREATE EXTENSION IF NOT EXISTS timescaledb;
                    EXCEPTION WHEN insufficient_privilege THEN
                        RAISE insufficient_privilege USING MESSAGE = format(
                            'the server has TimescaleDB, and role %s may not create the extension in database %s; let the owner of the database do it',
                            current_user, current_database());
                    END;
                    PERFORM create_hypertable('sensor_readings', 'timestamp', chunk_time_interval => interval '1 day', create_default_indexes => false, migrate_data => true);
                    EXECUTE format('COMMENT ON TABLE sensor_readings IS %L', 'Hypertable of TimescaleDB '
                        || (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')
                        || CASE current_setting('timescaledb.license', true) WHEN 'timescale' THEN ', Community edition.' ELSE ', Apache edition.' END);
                END $$;
                """);
        }

        // The rows are copied back into one table. The extension stays: others may use it, and it may have been there before.
        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("""
                DO $$
                BEGIN
                    IF obj_description('sensor_readings'::regclass) NOT LIKE 'Hypertable%' THEN
                        COMMENT ON TABLE sensor_readings IS NULL;
                        RETURN;
                    END IF;
                    CREATE TABLE sensor_readings_whole (LIKE sensor_readings INCLUDING CONSTRAINTS);
                    INSERT INTO sensor_readings_whole SELECT * FROM sensor_readings;
                    DROP TABLE sensor_readings;
                    ALTER TABLE sensor_readings_whole RENAME TO sensor_readings;
                    ALTER TABLE sensor_readings ADD CONSTRAINT pk_sensor_readings PRIMARY KEY (node_address, timestamp);
                    CREATE INDEX ix_sensor_readings_timestamp ON sensor_readings (timestamp, node_address DESC);
                    CREATE INDEX ix_sensor_readings_batch_id ON sensor_readings USING brin (batch_id) WITH (autosummarize = true);
                END $$;
                """);
        }
    }
}
