using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace SensorDash.Migrations.Timescale.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "followers",
                columns: table => new
                {
                    feed = table.Column<string>(type: "character varying(10)", maxLength: 10, nullable: false, collation: "C"),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false, collation: "C"),
                    cursor = table.Column<long>(type: "bigint", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_followers", x => new { x.feed, x.name });
                });

            migrationBuilder.CreateTable(
                name: "ingest_batches",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false),
                    committed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    row_count = table.Column<long>(type: "bigint", nullable: false),
                    first_timestamp = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    last_timestamp = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    removed_node = table.Column<int>(type: "integer", nullable: true),
                    removed_before = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    rows_hash = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_ingest_batches", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "nodes",
                columns: table => new
                {
                    address = table.Column<int>(type: "integer", nullable: false),
                    device_id = table.Column<long>(type: "bigint", nullable: true),
                    node_type = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false, collation: "C"),
                    first_seen_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    total_readings = table.Column<long>(type: "bigint", nullable: false),
                    duplicates_seen = table.Column<long>(type: "bigint", nullable: false),
                    last_received_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    last_received_timestamp = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_nodes", x => x.address);
                });

            migrationBuilder.CreateTable(
                name: "sensor_readings",
                columns: table => new
                {
                    node_address = table.Column<int>(type: "integer", nullable: false),
                    timestamp = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    temperature_centidegrees = table.Column<short>(type: "smallint", nullable: true),
                    humidity_centipercent = table.Column<short>(type: "smallint", nullable: true),
                    flags = table.Column<long>(type: "bigint", nullable: false),
                    received_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    batch_id = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sensor_readings", x => new { x.node_address, x.timestamp });
                    table.CheckConstraint("ck_sensor_readings_humidity", "humidity_centipercent BETWEEN 0 AND 10000");
                    table.CheckConstraint("ck_sensor_readings_node_address", "node_address > 0");
                    table.CheckConstraint("ck_sensor_readings_value", "temperature_centidegrees IS NOT NULL OR humidity_centipercent IS NOT NULL");
                });

            migrationBuilder.CreateTable(
                name: "store_info",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    epoch = table.Column<string>(type: "character varying(8)", maxLength: 8, nullable: false, collation: "C"),
                    readings_epoch = table.Column<string>(type: "character varying(8)", maxLength: 8, nullable: true, collation: "C"),
                    role = table.Column<string>(type: "character varying(9)", maxLength: 9, nullable: false),
                    successor = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    promoted_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    readings_role = table.Column<string>(type: "character varying(9)", maxLength: 9, nullable: false),
                    readings_successor = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    readings_promoted_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    metadata_edge = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    command_edge = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    ui_edge = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    parsed_edge = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    raw_edge = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    removed_events = table.Column<long>(type: "bigint", nullable: false, defaultValue: 0L),
                    removed_events_hash = table.Column<long>(type: "bigint", nullable: false, defaultValue: 0L)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_store_info", x => x.id);
                });

            // Eight hexadecimal digits that no other store has.
            migrationBuilder.Sql("INSERT INTO store_info (id, epoch, role, readings_role) VALUES (1, left(replace(gen_random_uuid()::text, '-', ''), 8), 'primary', 'primary');");

            migrationBuilder.CreateTable(
                name: "zones",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false, collation: "C"),
                    color = table.Column<string>(type: "character varying(7)", maxLength: 7, nullable: false, collation: "C"),
                    description = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_zones", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "node_metadata",
                columns: table => new
                {
                    address = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: true, collation: "C"),
                    location = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true, collation: "C"),
                    notes = table.Column<string>(type: "character varying(2000)", maxLength: 2000, nullable: true, collation: "C"),
                    zone_id = table.Column<int>(type: "integer", nullable: true),
                    expected_interval_s = table.Column<int>(type: "integer", nullable: true),
                    updated_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_node_metadata", x => x.address);
                    table.ForeignKey(
                        name: "fk_node_metadata_zone_id",
                        column: x => x.zone_id,
                        principalTable: "zones",
                        principalColumn: "id",
                        onDelete: ReferentialAction.SetNull);
                });

            migrationBuilder.CreateIndex(
                name: "ix_node_metadata_zone_id",
                table: "node_metadata",
                column: "zone_id");

            migrationBuilder.CreateIndex(
                name: "ix_sensor_readings_batch_id",
                table: "sensor_readings",
                column: "batch_id")
                .Annotation("Npgsql:IndexMethod", "brin")
                .Annotation("Npgsql:StorageParameter:autosummarize", true);

            migrationBuilder.CreateIndex(
                name: "ix_sensor_readings_timestamp",
                table: "sensor_readings",
                columns: new[] { "timestamp", "node_address" },
                descending: new[] { false, true });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "followers");

            migrationBuilder.DropTable(
                name: "ingest_batches");

            migrationBuilder.DropTable(
                name: "node_metadata");

            migrationBuilder.DropTable(
                name: "nodes");

            migrationBuilder.DropTable(
                name: "sensor_readings");

            migrationBuilder.DropTable(
                name: "store_info");

            migrationBuilder.DropTable(
                name: "zones");
        }
    }
}
