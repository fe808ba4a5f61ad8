using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Sqlite.Migrations
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
                    feed = table.Column<string>(type: "TEXT", maxLength: 10, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    cursor = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_followers", x => new { x.feed, x.name });
                });

            migrationBuilder.CreateTable(
                name: "ingest_batches",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false),
                    committed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    row_count = table.Column<long>(type: "INTEGER", nullable: false),
                    first_timestamp = table.Column<long>(type: "INTEGER", nullable: false),
                    last_timestamp = table.Column<long>(type: "INTEGER", nullable: false),
                    removed_node = table.Column<int>(type: "INTEGER", nullable: true),
                    rows_hash = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ingest_batches", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "nodes",
                columns: table => new
                {
                    address = table.Column<int>(type: "INTEGER", nullable: false),
                    device_id = table.Column<long>(type: "INTEGER", nullable: true),
                    node_type = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    first_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    total_readings = table.Column<long>(type: "INTEGER", nullable: false),
                    duplicates_seen = table.Column<long>(type: "INTEGER", nullable: false),
                    last_received_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_received_timestamp = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_nodes", x => x.address);
                });

            // WITHOUT ROWID, which EF cannot say: the rows lie in the order of their key, so one node's range is one contiguous read.
            migrationBuilder.Sql("""
                CREATE TABLE sensor_readings (
                    node_address INTEGER NOT NULL CHECK (node_address BETWEEN 1 AND 2147483647),
                    timestamp INTEGER NOT NULL,
                    temperature_centidegrees INTEGER NULL CHECK (temperature_centidegrees BETWEEN -32768 AND 32767),
                    humidity_centipercent INTEGER NULL CHECK (humidity_centipercent BETWEEN 0 AND 10000),
                    flags INTEGER NOT NULL,
                    received_at INTEGER NOT NULL,
                    batch_id INTEGER NOT NULL,
                    CONSTRAINT PK_sensor_readings PRIMARY KEY (node_address, timestamp),
                    CHECK (temperature_centidegrees IS NOT NULL OR humidity_centipercent IS NOT NULL)
                ) WITHOUT ROWID;
                """);

            migrationBuilder.CreateTable(
                name: "store_info",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    epoch = table.Column<string>(type: "TEXT", maxLength: 8, nullable: false),
                    readings_epoch = table.Column<string>(type: "TEXT", maxLength: 8, nullable: true),
                    role = table.Column<string>(type: "TEXT", maxLength: 9, nullable: false),
                    successor = table.Column<string>(type: "TEXT", nullable: true),
                    promoted_at = table.Column<long>(type: "INTEGER", nullable: true),
                    readings_role = table.Column<string>(type: "TEXT", maxLength: 9, nullable: false),
                    readings_successor = table.Column<string>(type: "TEXT", nullable: true),
                    readings_promoted_at = table.Column<long>(type: "INTEGER", nullable: true),
                    metadata_edge = table.Column<long>(type: "INTEGER", nullable: true),
                    command_edge = table.Column<long>(type: "INTEGER", nullable: true),
                    ui_edge = table.Column<long>(type: "INTEGER", nullable: true),
                    parsed_edge = table.Column<long>(type: "INTEGER", nullable: true),
                    raw_edge = table.Column<long>(type: "INTEGER", nullable: true),
                    removed_events = table.Column<long>(type: "INTEGER", nullable: false, defaultValue: 0L),
                    removed_events_hash = table.Column<long>(type: "INTEGER", nullable: false, defaultValue: 0L)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_store_info", x => x.id);
                });

            // Eight hexadecimal digits that no other store has.
            migrationBuilder.Sql("INSERT INTO store_info (id, epoch, role, readings_role) VALUES (1, lower(hex(randomblob(4))), 'primary', 'primary')");

            migrationBuilder.CreateTable(
                name: "zones",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    color = table.Column<string>(type: "TEXT", maxLength: 7, nullable: false),
                    description = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_zones", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "node_metadata",
                columns: table => new
                {
                    address = table.Column<int>(type: "INTEGER", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    location = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    notes = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true),
                    zone_id = table.Column<int>(type: "INTEGER", nullable: true),
                    expected_interval_s = table.Column<int>(type: "INTEGER", nullable: true),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_node_metadata", x => x.address);
                    table.ForeignKey(
                        name: "FK_node_metadata_zones_zone_id",
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
