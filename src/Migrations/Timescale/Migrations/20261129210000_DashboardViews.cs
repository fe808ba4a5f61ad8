using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Timescale.Migrations
{
    /// <summary>Views for dashboards of other programs. Their names and columns stay when the tables change: columns are only added, at the end.</summary>
    [DbContext(typeof(TimescaleContext))]
    [Migration("20261129210000_DashboardViews")]
    public partial class DashboardViews : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // A condition on time reaches the chunks through all of them.
            migrationBuilder.Sql("""
                CREATE VIEW dashboard_readings AS
                SELECT r.timestamp AS "time", r.node_address AS node, coalesce(m.name, 'Node ' || r.node_address) AS name, z.name AS zone,
                    (r.temperature_centidegrees / 100.0)::double precision AS temperature_celsius, (r.humidity_centipercent / 100.0)::double precision AS humidity_percent,
                    r.flags, r.received_at
                FROM sensor_readings r LEFT JOIN node_metadata m ON m.address = r.node_address LEFT JOIN zones z ON z.id = m.zone_id;
                """);
            migrationBuilder.Sql("""
                CREATE VIEW dashboard_nodes AS
                SELECT n.address AS node, coalesce(m.name, 'Node ' || n.address) AS name, m.location, z.name AS zone, m.expected_interval_s,
                    n.first_seen_at, n.last_seen_at, n.last_received_at, n.total_readings AS readings
                FROM nodes n LEFT JOIN node_metadata m ON m.address = n.address LEFT JOIN zones z ON z.id = m.zone_id;
                """);
            migrationBuilder.Sql("""
                CREATE VIEW dashboard_events AS
                SELECT canonical_truth_time AS "time", source_truth_time AS source_time, 'raw' AS lane, scope_id AS scope, connection_id AS subject, NULL AS type,
                    encode(event_id, 'hex') AS event_id, NULL::jsonb AS payload, octet_length(bytes) AS bytes FROM raw_events
                UNION ALL SELECT canonical_truth_time, source_truth_time, 'parsed', scope_id, stream_id, stream_type, encode(event_id, 'hex'), payload, NULL FROM parsed_events
                UNION ALL SELECT canonical_truth_time, source_truth_time, 'ui', scope_id, view_id, message_type, encode(event_id, 'hex'), data, NULL FROM ui_events
                UNION ALL SELECT canonical_truth_time, source_truth_time, 'command', scope_id, command_id, command_type, encode(event_id, 'hex'), payload, NULL FROM command_events
                UNION ALL SELECT canonical_truth_time, source_truth_time, 'metadata', scope_id, coalesce(stream_id, manifest_id), message_type, encode(event_id, 'hex'), payload, NULL FROM metadata_events;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP VIEW dashboard_events, dashboard_nodes, dashboard_readings;");
    }
}
