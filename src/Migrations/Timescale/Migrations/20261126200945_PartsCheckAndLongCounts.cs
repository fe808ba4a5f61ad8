using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Timescale.Migrations
{
    /// <inheritdoc />
    public partial class PartsCheckAndLongCounts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterColumn<long>(
                name: "row_count",
                table: "ingest_batches",
                type: "bigint",
                nullable: false,
                oldClrType: typeof(int),
                oldType: "integer");

            migrationBuilder.AddColumn<int>(
                name: "parts_check",
                table: "event_index",
                type: "integer",
                nullable: true);

            migrationBuilder.AlterColumn<long>(
                name: "event_count",
                table: "event_batches",
                type: "bigint",
                nullable: false,
                oldClrType: typeof(int),
                oldType: "integer");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "parts_check",
                table: "event_index");

            migrationBuilder.AlterColumn<int>(
                name: "row_count",
                table: "ingest_batches",
                type: "integer",
                nullable: false,
                oldClrType: typeof(long),
                oldType: "bigint");

            migrationBuilder.AlterColumn<int>(
                name: "event_count",
                table: "event_batches",
                type: "integer",
                nullable: false,
                oldClrType: typeof(long),
                oldType: "bigint");
        }
    }
}
