using System.Net;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Security;

/// <summary>A browser without scripts: it keeps cookies, and sends forms with the token of the page that has them.</summary>
public sealed partial class HubBrowser : IDisposable
{
    private readonly HttpClientHandler _handler = new() { AllowAutoRedirect = false, CookieContainer = new() };

    public HubBrowser(SensorDashApp app)
        : this(app.Address)
    {
    }

    public HubBrowser(Uri address)
    {
        Client = new(_handler) { BaseAddress = address };
        Client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
    }

    public HttpClient Client { get; }

    /// <summary>The cookies as a header.</summary>
    public string Cookies => _handler.CookieContainer.GetCookieHeader(Client.BaseAddress!);

    public CookieCollection AllCookies => _handler.CookieContainer.GetAllCookies();

    /// <summary>The status of a page.</summary>
    public async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    public async Task<string> PageAsync(string path) => WebUtility.HtmlDecode(await Client.GetStringAsync(new Uri(path, UriKind.Relative)));

    /// <summary>The token of the forms of a page.</summary>
    public async Task<string> TokenAsync(string page) => Token().Match(await Client.GetStringAsync(new Uri(page, UriKind.Relative))).Groups[1].Value;

    /// <summary>Sends a form of a page.</summary>
    public async Task<HttpResponseMessage> SendAsync(string page, string? handler, params (string Name, string Value)[] fields)
        => await SendAsync(page, handler, await TokenAsync(page), fields);

    /// <summary>Sends a form with another token.</summary>
    public async Task<HttpResponseMessage> SendAsync(string page, string? handler, string token, params (string Name, string Value)[] fields)
    {
        var target = handler is null ? page : $"{page}{(page.Contains('?', StringComparison.Ordinal) ? '&' : '?')}handler={handler}";
        using var body = new FormUrlEncodedContent([.. fields.Select(f => KeyValuePair.Create(f.Name, f.Value)), KeyValuePair.Create("__RequestVerificationToken", token)]);
        return await Client.PostAsync(new Uri(target, UriKind.Relative), body);
    }

    public void Dispose()
    {
        Client.Dispose();
        _handler.Dispose();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
