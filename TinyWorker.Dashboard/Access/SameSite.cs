using Microsoft.AspNetCore.Http;

namespace TinyWorker.Dashboard.Access;

/// <summary>
/// Refuses what another site makes a browser send. Browsers say where a request comes from; other programs do not, and need not.
/// </summary>
internal static class SameSite
{
    public static bool Allows(HttpRequest request, bool mayNavigate)
    {
        string? site = request.Headers["Sec-Fetch-Site"];
        if (!string.IsNullOrEmpty(site))
        {
            if (site is "same-origin" or "none") return true;
            // Who follows a link, not who is framed
            return mayNavigate && request.Headers["Sec-Fetch-Mode"] == "navigate" && request.Headers["Sec-Fetch-Dest"] == "document";
        }

        // An old browser, or one that does not trust plain HTTP. The scheme is not compared: a proxy may have ended TLS.
        string? origin = request.Headers.Origin;
        if (string.IsNullOrEmpty(origin)) return true;
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && string.Equals(uri.Authority, WithoutDefaultPort(request.Host, uri.Scheme), StringComparison.OrdinalIgnoreCase);
    }

    private static string WithoutDefaultPort(HostString host, string scheme) =>
        host.Port == (scheme == "https" ? 443 : 80) ? host.Host : host.Value ?? "";
}
