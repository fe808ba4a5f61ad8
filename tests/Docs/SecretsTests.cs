using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace SensorDash.Docs.Tests;

/// <summary>No file of the repository has a secret.</summary>
public sealed partial class SecretsTests
{
    [Fact]
    public async Task Files_OfTheRepository_HaveNoSecrets()
    {
        var files = await ListAsync();
        Assert.Contains("docs/security.md", files);

        var found = files.Select(file => (File: file, Path: Path.Combine(Repository.Root, file))).Where(f => File.Exists(f.Path))
            .SelectMany(f => FindSecrets(File.ReadAllText(f.Path, Encoding.Latin1)).Select(secret => $"{f.File}: {secret}"));

        Assert.Empty(found);
    }

    // Put together here, because this file is scanned too.
    [Theory]
    [InlineData("key: sd_", "abcdefgh0123456789012345678901234567890123456789abc")]
    [InlineData("-----BEGIN RSA PRIVATE ", "KEY-----")]
    [InlineData("\"Host=db;User=nova;Password=", "hunter2;Database=nova\"")]
    [InlineData("postgres://nova:", "hunter2@db:5432/nova")]
    [InlineData("AKIA", "IOSFODNN7EXAMPLE")]
    [InlineData("ghp_", "0123456789abcdefghijklmnopqrstuvwxyz")]
    public void Secret_InAText_IsFound(string first, string rest) => Assert.Single(FindSecrets($"x\n{first}{rest}\n"));

    [Theory]
    [InlineData("NOVA_DB_PASSWORD=… docker compose up")]
    [InlineData("Host=db;Password={password};Database=nova")]
    [InlineData("Host=db;Password=<password>")]
    [InlineData("postgres://user:password@host:port/database")]
    [InlineData("Authorization: Bearer sd_…")]
    [InlineData("http://127.0.0.1:5080/?q=a@b")]
    public void Placeholder_IsNoSecret(string text) => Assert.Empty(FindSecrets(text));

    private static IEnumerable<string> FindSecrets(string text)
    {
        if (text.Contains('\0')) yield break; // Pictures and databases.
        foreach (Match match in Secret().Matches(text))
        {
            var password = match.Groups["password"];
            if (!password.Success || !Placeholder().IsMatch(password.Value)) yield return match.Value[..Math.Min(match.Length, 12)] + "…";
        }
    }

    private static async Task<string[]> ListAsync()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", Repository.Root, "ls-files", "-z"]) { RedirectStandardOutput = true })!;
        var list = await git.StandardOutput.ReadToEndAsync();
        await git.WaitForExitAsync();
        Assert.Equal(0, git.ExitCode);
        return list.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex("""
        sd_[a-z2-9]{8}[A-Za-z0-9_-]{43}
        | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY
        | (Host|Server|Data\ Source|User|Username|Database)=[^"'\r\n]*(?i:password|pwd)=(?<password>[^;"'`\s]+)
        | (?i:password|pwd)=(?<password>[^;"'`\s]+);[^"'\r\n]*(Host|Server|User|Username|Database)=
        | (postgres|postgresql|mysql|https?|redis|amqp)://[^/@\s:"'`]+:(?<password>[^/@\s"'`]+)@
        | \bAKIA[0-9A-Z]{16}\b
        | \b(ghp|gho|ghs|ghu)_[A-Za-z0-9]{36}\b
        | \bxox[abpr]-[0-9A-Za-z-]{10,}
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Secret();

    // What people write where a password belongs: an ellipsis, stars, a variable, something in brackets, or the word itself.
    [GeneratedRegex("""^(\u2026|\u00e2\u0080\u00a6|\.\.\.|\*+|[<{$%\[(].*|(?i:password|secret|change-?me|hush))$""")]
    private static partial Regex Placeholder();
}
