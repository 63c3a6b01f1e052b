using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace TinyWorker.Dashboard.Tests.Support;

/// <summary>An application on a port of its own, with a client and its log.</summary>
internal sealed class Site : IAsyncDisposable
{
    /// <summary>The header that says who asks; the role is behind a colon.</summary>
    public const string User = "X-Test-User";

    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private Site(WebApplication application)
    {
        Application = application;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri(application.Urls.Single()),
            Timeout = Deadline,
        };
    }

    public WebApplication Application { get; }

    public HttpClient Client { get; }

    public FakeLogCollector Logs => Application.Services.GetRequiredService<FakeLogCollector>();

    /// <param name="map">Maps the dashboard, and adds the middleware before it.</param>
    /// <param name="environment">Of the host.</param>
    /// <param name="services">More services.</param>
    public static async Task<Site> StartAsync(
        Action<WebApplication> map, string environment = "Production", Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { EnvironmentName = environment, ApplicationName = "TinyWorker.Dashboard.Tests" });
        builder.Logging.ClearProviders().AddFakeLogging();
        services?.Invoke(builder.Services);
        var application = builder.Build();
        application.Urls.Add("http://127.0.0.1:0");
        map(application);
        await application.StartAsync().WaitAsync(Deadline);
        return new Site(application);
    }

    /// <summary>A site whose dashboard everybody may look at.</summary>
    public static Task<Site> OpenAsync(Action<TinyTroupeDashboardOptions>? configure = null, TimeProvider? clock = null) => StartAsync(
        application => application.MapTinyTroupes(configure: configure).AllowAnonymous(),
        services: services => services.AddSingleton(clock ?? TimeProvider.System));

    /// <summary>A site whose dashboard those may look at who have a name.</summary>
    public static Task<Site> ForUsersAsync(Action<TinyTroupeDashboardOptions>? configure = null, TimeProvider? clock = null) => StartAsync(
        application => application.MapTinyTroupes(configure: configure).RequireAuthorization(),
        services: services => AddUsers(services).AddSingleton(clock ?? TimeProvider.System));

    public static IServiceCollection AddUsers(IServiceCollection services)
    {
        services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("Test", null);
        services.AddAuthorization();
        return services;
    }

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, Action<HttpRequestMessage>? change = null, string? user = null)
    {
        var request = new HttpRequestMessage(method, path);
        if (user is not null) request.Headers.Add(User, user);
        change?.Invoke(request);
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Deadline);
    }

    public Task<HttpResponseMessage> GetAsync(string path, Action<HttpRequestMessage>? change = null, string? user = null) =>
        SendAsync(HttpMethod.Get, path, change, user);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Application.DisposeAsync().AsTask().WaitAsync(Deadline);
    }

    private sealed class HeaderAuthentication(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers[User] is not [{ } text]) return Task.FromResult(AuthenticateResult.NoResult());
            var parts = text.Split(':');
            var claims = new List<Claim> { new(ClaimTypes.Name, parts[0]) };
            if (parts.Length > 1) claims.Add(new Claim(ClaimTypes.Role, parts[1]));
            var principal = new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, Scheme.Name)));
        }
    }
}
