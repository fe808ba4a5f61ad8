using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Timescale.Migrations
{
    /// <summary>Cuts the event index into chunks of source time and the lanes into chunks of canonical time where the readings are in chunks.</summary>
    [DbContext(typeof(TimescaleContext))]
    [Migration("20261121093500_EventsByTime")]
    public partial class EventsByTime : Migration
    {
        private const string Tables = """
            ARRAY['event_index', 'metadata_events', 'command_events', 'ui_events', 'parsed_events', 'raw_events']
            """;

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Whether the extension can be used was found out for the readings, and the events are kept as those are.
            // A day is the default of the setting; the program follows the setting at start.
            migrationBuilder.Sql($"""
                DO $$
                DECLARE
                    name text;
                BEGIN
                    IF obj_description('sensor_readings'::regclass) NOT LIKE 'Hypertable%' THEN RETURN; END IF;
                    FOREACH name IN ARRAY {Tables} LOOP
                        PERFORM create_hypertable(name, CASE name WHEN 'event_index' THEN 'source_truth_time' ELSE 'canonical_truth_time' END,
                            chunk_time_interval => interval '1 day', create_default_indexes => false, migrate_data => true);
                    END LOOP;
                END $$;
                """);
        }

        // The rows are copied back into one table each, with the indexes and the key that it had.
        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql($"""
                DO $$
                DECLARE
                    name text;
                    key text;
                    definition text;
                    definitions text[];
                BEGIN
                    IF obj_description('sensor_readings'::regclass) NOT LIKE 'Hypertable%' THEN RETURN; END IF;
                    FOREACH name IN ARRAY {Tables} LOOP
                        key := (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = name::regclass AND contype = 'p');
                        definitions := ARRAY(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = name::regclass AND NOT indisprimary);
                        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING CONSTRAINTS)', name || '_whole', name);
                        EXECUTE format('INSERT INTO %I SELECT * FROM %I', name || '_whole', name);
                        EXECUTE format('DROP TABLE %I', name);
                        EXECUTE format('ALTER TABLE %I RENAME TO %I', name || '_whole', name);
                        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I %s', name, 'pk_' || name, key);
                        FOREACH definition IN ARRAY definitions LOOP
                            EXECUTE definition;
                        END LOOP;
                    END LOOP;
                END $$;
                """);
        }
    }
}
