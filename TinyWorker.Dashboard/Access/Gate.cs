using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.Serving;

namespace TinyWorker.Dashboard.Access;

/// <summary>What every request has to pass. Thread-safe.</summary>
internal sealed class Gate(string pattern, bool isDevelopment, ILogger logger)
{
    // A request with one of these came through somebody else, so its peer is not who asks.
    private static readonly string[] ForwardingHeaders =
    [
        "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-ProxyUser-Ip", "X-Envoy-External-Address",
        "True-Client-IP", "Client-IP", "CF-Connecting-IP", "CDN-Loop", "Fastly-Client-IP", "X-ARR-LOG-ID", "X-Azure-ClientIP",
    ];

    private static readonly string[] ForwardingPrefixes = ["X-Forwarded", "X-Original-"];

    private int _hasLogged;

    /// <summary>An endpoint that only those reach who may.</summary>
    /// <param name="next">The endpoint.</param>
    /// <param name="mayNavigate">Whether a link on another site may lead there.</param>
    public RequestDelegate Guard(Func<HttpContext, Admission, Task> next, bool mayNavigate) => context =>
    {
        Headers.AddTo(context.Response);
        var admission = AdmissionOf(context);
        if (admission == Admission.None) return Answer.WithAsync(context, StatusCodes.Status403Forbidden, Texts.NobodyIsAuthorized);
        if (!SameSite.Allows(context.Request, mayNavigate))
            return Answer.WithAsync(context, StatusCodes.Status403Forbidden, Texts.CrossSite);
        return next(context, admission);
    };

    private Admission AdmissionOf(HttpContext context)
    {
        if (IsForEverybody(context.GetEndpoint())) return Admission.Anonymous;
        if (EvaluationProof.IsIn(context)) return Admission.Authorized;
        if (WhyNoDeveloper(context) is not { } why) return Admission.Developer;
        if (Interlocked.Exchange(ref _hasLogged, 1) == 0) Log.NobodyIsAuthorized(logger, pattern, why);
        return Admission.None;
    }

    // The framework lets AllowAnonymous win, and evaluates no policy. But if a policy was said later, or nearer to the dashboard, somebody
    // means the policy: then nobody may.
    private static bool IsForEverybody(Endpoint? endpoint)
    {
        foreach (var item in (endpoint?.Metadata ?? EndpointMetadataCollection.Empty).Reverse())   // the nearest first
        {
            if (item is IAllowAnonymous) return true;
            if (item is IAuthorizeData or AuthorizationPolicy) return false;
            if (item is IAuthorizationRequirementData and not EvaluationProof) return false;
        }

        return false;
    }

    // The values of headers are the caller's: they are not in the text.
    private string? WhyNoDeveloper(HttpContext context)
    {
        if (!isDevelopment) return "the environment is not Development";
        if (context.Connection.RemoteIpAddress is not { } peer) return "the address of the peer is unknown";
        if (!IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer)) return "the peer is another machine";
        if (!IsThisMachine(context.Request.Host)) return "the Host header is not localhost, 127.0.0.1 or [::1]";
        foreach (var (name, _) in context.Request.Headers)
            if (IsForwarding(name)) return "the request came through a proxy, by its headers";
        // A proxy that adds no header may give itself away: no browser speaks HTTP/1.0, and a page of this machine has its address.
        if (HttpProtocol.IsHttp10(context.Request.Protocol)) return "the request came through a proxy, by HTTP/1.0";
        if (Uri.TryCreate(context.Request.Headers.Origin, UriKind.Absolute, out var origin)
            && !IsThisMachine(new HostString(origin.Authority)))
            return "the request came from a page of another host, by its Origin header";
        return null;
    }

    private static bool IsThisMachine(HostString host) =>
        host.HasValue && (Same(host.Host, "localhost") || host.Host == "127.0.0.1" || host.Host == "[::1]");

    private static bool IsForwarding(string name) =>
        Array.Exists(ForwardingHeaders, header => Same(header, name))
        || Array.Exists(ForwardingPrefixes, prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
