using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Timescale.Migrations
{
    /// <inheritdoc />
    public partial class Events : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "command_events",
                columns: table => new
                {
                    canonical_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    event_id = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    message_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    command_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    request_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    target_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    command_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    timeline_mode = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payload = table.Column<string>(type: "jsonb", nullable: false),
                    scope_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    source_text = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    batch_id = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_command_events", x => new { x.canonical_truth_time, x.event_id });
                });

            migrationBuilder.CreateTable(
                name: "command_requests",
                columns: table => new
                {
                    scope_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    request_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    event_id = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    accepted_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_command_requests", x => new { x.scope_id, x.request_id });
                });

            migrationBuilder.CreateTable(
                name: "event_batches",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false),
                    committed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    event_count = table.Column<long>(type: "bigint", nullable: false),
                    first_canonical_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    last_canonical_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    rows_hash = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_event_batches", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "event_index",
                columns: table => new
                {
                    source_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    event_id = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    lane = table.Column<short>(type: "smallint", nullable: false),
                    first_seen = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    parts_check = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_event_index", x => new { x.source_truth_time, x.event_id });
                    table.CheckConstraint("ck_event_index_event_id", "length(event_id) = 32");
                    table.CheckConstraint("ck_event_index_lane", "lane BETWEEN 0 AND 4");
                });

            migrationBuilder.CreateTable(
                name: "metadata_events",
                columns: table => new
                {
                    canonical_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    event_id = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    message_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    effective_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    stream_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    manifest_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    payload = table.Column<string>(type: "jsonb", nullable: false),
                    scope_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    source_text = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    batch_id = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_metadata_events", x => new { x.canonical_truth_time, x.event_id });
                });

            migrationBuilder.CreateTable(
                name: "parsed_events",
                columns: table => new
                {
                    canonical_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    event_id = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    stream_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    stream_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    schema_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    payload = table.Column<string>(type: "jsonb", nullable: false),
                    scope_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    source_text = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    batch_id = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_parsed_events", x => new { x.canonical_truth_time, x.event_id });
                });

            migrationBuilder.CreateTable(
                name: "raw_events",
                columns: table => new
                {
                    canonical_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    event_id = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    connection_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sequence = table.Column<long>(type: "bigint", nullable: false),
                    bytes = table.Column<byte[]>(type: "bytea", nullable: false),
                    scope_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    source_text = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    batch_id = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_raw_events", x => new { x.canonical_truth_time, x.connection_id, x.sequence, x.event_id });
                    table.CheckConstraint("ck_raw_events_sequence", "sequence >= 0");
                });

            migrationBuilder.CreateTable(
                name: "ui_events",
                columns: table => new
                {
                    canonical_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    event_id = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    message_type = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    system_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    container_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    unique_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    view_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    manifest_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    manifest_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    data = table.Column<string>(type: "jsonb", nullable: false),
                    scope_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source_truth_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    source_text = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    batch_id = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_ui_events", x => new { x.canonical_truth_time, x.event_id });
                });

            migrationBuilder.CreateIndex(
                name: "ix_command_requests_accepted_at",
                table: "command_requests",
                column: "accepted_at");

            migrationBuilder.CreateIndex(
                name: "ix_event_batches_last_canonical_time",
                table: "event_batches",
                column: "last_canonical_time");

            migrationBuilder.CreateIndex(
                name: "ix_command_events_source_order",
                table: "command_events",
                columns: new[] { "source_truth_time", "event_id" });

            migrationBuilder.CreateIndex(
                name: "ix_metadata_events_source_order",
                table: "metadata_events",
                columns: new[] { "source_truth_time", "event_id" });

            migrationBuilder.CreateIndex(
                name: "ix_parsed_events_source_order",
                table: "parsed_events",
                columns: new[] { "source_truth_time", "event_id" });

            migrationBuilder.CreateIndex(
                name: "ix_raw_events_source_order",
                table: "raw_events",
                columns: new[] { "source_truth_time", "connection_id", "sequence", "event_id" });

            migrationBuilder.CreateIndex(
                name: "ix_ui_events_source_order",
                table: "ui_events",
                columns: new[] { "source_truth_time", "event_id" });

            migrationBuilder.CreateIndex(
                name: "ix_ui_events_view_order",
                table: "ui_events",
                columns: new[] { "system_id", "container_id", "unique_id", "view_id", "canonical_truth_time", "event_id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
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
