using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Events : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "event_batches",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false),
                    committed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    event_count = table.Column<long>(type: "INTEGER", nullable: false),
                    first_canonical_time = table.Column<long>(type: "INTEGER", nullable: false),
                    last_canonical_time = table.Column<long>(type: "INTEGER", nullable: false),
                    rows_hash = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_event_batches", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_event_batches_last_canonical_time",
                table: "event_batches",
                column: "last_canonical_time");

            // WITHOUT ROWID, which EF cannot say: the rows lie in the order of their key, which is the order in which they are read.
            migrationBuilder.Sql("""
                CREATE TABLE event_index (
                    source_truth_time INTEGER NOT NULL,
                    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
                    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 4),
                    first_seen INTEGER NOT NULL,
                    parts_check INTEGER NOT NULL,
                    CONSTRAINT PK_event_index PRIMARY KEY (source_truth_time, event_id)
                ) WITHOUT ROWID;

                CREATE TABLE command_requests (
                    scope_id TEXT NOT NULL,
                    request_id TEXT NOT NULL,
                    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
                    accepted_at INTEGER NOT NULL,
                    CONSTRAINT PK_command_requests PRIMARY KEY (scope_id, request_id)
                ) WITHOUT ROWID;

                CREATE TABLE raw_events (
                    canonical_truth_time INTEGER NOT NULL,
                    connection_id TEXT NOT NULL,
                    sequence INTEGER NOT NULL CHECK (sequence >= 0),
                    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
                    scope_id TEXT NOT NULL,
                    source_truth_time INTEGER NOT NULL,
                    source_text TEXT NULL,
                    bytes BLOB NOT NULL,
                    batch_id INTEGER NOT NULL,
                    CONSTRAINT PK_raw_events PRIMARY KEY (canonical_truth_time, connection_id, sequence, event_id)
                ) WITHOUT ROWID;

                CREATE INDEX ix_raw_events_source_order ON raw_events (source_truth_time, connection_id, sequence, event_id);

                CREATE TABLE parsed_events (
                    canonical_truth_time INTEGER NOT NULL,
                    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
                    scope_id TEXT NOT NULL,
                    source_truth_time INTEGER NOT NULL,
                    source_text TEXT NULL,
                    stream_id TEXT NOT NULL,
                    stream_type TEXT NOT NULL,
                    schema_version TEXT NOT NULL,
                    payload TEXT NOT NULL,
                    batch_id INTEGER NOT NULL,
                    CONSTRAINT PK_parsed_events PRIMARY KEY (canonical_truth_time, event_id)
                ) WITHOUT ROWID;

                CREATE INDEX ix_parsed_events_source_order ON parsed_events (source_truth_time, event_id);

                CREATE TABLE ui_events (
                    canonical_truth_time INTEGER NOT NULL,
                    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
                    scope_id TEXT NOT NULL,
                    source_truth_time INTEGER NOT NULL,
                    source_text TEXT NULL,
                    message_type TEXT NOT NULL,
                    system_id TEXT NOT NULL,
                    container_id TEXT NOT NULL,
                    unique_id TEXT NOT NULL,
                    view_id TEXT NOT NULL,
                    manifest_id TEXT NOT NULL,
                    manifest_version TEXT NOT NULL,
                    data TEXT NOT NULL,
                    batch_id INTEGER NOT NULL,
                    CONSTRAINT PK_ui_events PRIMARY KEY (canonical_truth_time, event_id)
                ) WITHOUT ROWID;

                CREATE INDEX ix_ui_events_source_order ON ui_events (source_truth_time, event_id);

                CREATE TABLE command_events (
                    canonical_truth_time INTEGER NOT NULL,
                    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
                    scope_id TEXT NOT NULL,
                    source_truth_time INTEGER NOT NULL,
                    source_text TEXT NULL,
                    message_type TEXT NOT NULL,
                    command_id TEXT NOT NULL,
                    request_id TEXT NULL,
                    target_id TEXT NOT NULL,
                    command_type TEXT NOT NULL,
                    timeline_mode TEXT NOT NULL,
                    payload TEXT NOT NULL,
                    batch_id INTEGER NOT NULL,
                    CONSTRAINT PK_command_events PRIMARY KEY (canonical_truth_time, event_id)
                ) WITHOUT ROWID;

                CREATE INDEX ix_command_events_source_order ON command_events (source_truth_time, event_id);

                CREATE TABLE metadata_events (
                    canonical_truth_time INTEGER NOT NULL,
                    event_id BLOB NOT NULL CHECK (length(event_id) = 32),
                    scope_id TEXT NOT NULL,
                    source_truth_time INTEGER NOT NULL,
                    source_text TEXT NULL,
                    message_type TEXT NOT NULL,
                    effective_time INTEGER NULL,
                    stream_id TEXT NULL,
                    manifest_id TEXT NULL,
                    payload TEXT NOT NULL,
                    batch_id INTEGER NOT NULL,
                    CONSTRAINT PK_metadata_events PRIMARY KEY (canonical_truth_time, event_id)
                ) WITHOUT ROWID;

                CREATE INDEX ix_metadata_events_source_order ON metadata_events (source_truth_time, event_id);
                """);

            migrationBuilder.AddColumn<long>(
                name: "removed_before",
                table: "ingest_batches",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_command_requests_accepted_at",
                table: "command_requests",
                column: "accepted_at");

            migrationBuilder.CreateIndex(
                name: "ix_ui_events_view_order",
                table: "ui_events",
                columns: new[] { "system_id", "container_id", "unique_id", "view_id", "canonical_truth_time", "event_id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "removed_before",
                table: "ingest_batches");

            migrationBuilder.DropTable(
                name: "command_events");

            migrationBuilder.DropTable(
                name: "command_requests");

            migrationBuilder.DropTable(
                name: "event_batches");

            migrationBuilder.DropTable(
                name: "event_index");

            migrationBuilder.DropTable(
                name: "metadata_events");

            migrationBuilder.DropTable(
                name: "parsed_events");

            migrationBuilder.DropTable(
                name: "raw_events");

            migrationBuilder.DropTable(
                name: "ui_events");
        }
    }
}
