using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SensorDash.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class RemovedBefore : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "removed_before",
                table: "ingest_batches",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "removed_before",
                table: "ingest_batches");
        }
    }
}
