using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Timescale.Migrations
{
    /// <inheritdoc />
    public partial class EventPartsCheck : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "parts_check",
                table: "event_index",
                type: "integer",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "parts_check",
                table: "event_index");
        }
    }
}
