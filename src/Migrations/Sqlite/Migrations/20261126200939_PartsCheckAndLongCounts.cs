using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class PartsCheckAndLongCounts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "parts_check",
                table: "event_index",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // EF Core would make the table anew, and not WITHOUT ROWID.
            migrationBuilder.Sql("ALTER TABLE event_index DROP COLUMN parts_check");
        }
    }
}
