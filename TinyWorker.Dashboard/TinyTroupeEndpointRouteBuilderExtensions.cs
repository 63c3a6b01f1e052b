using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Routing;
using TinyWorker.Dashboard.Serving;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the dashboard to an application.</summary>
public static class TinyTroupeEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Adds a live page that shows the troupes of this process. While nobody looks at it, it does nothing.
    /// </summary>
    /// <remarks>
    /// It is safe by default: until the application says who may see it, everybody is answered with 403. Say it with
    /// <c>RequireAuthorization</c> on what this returns or on a group around it, with a fallback policy, or with <c>AllowAnonymous</c>.
    /// The one exception: in the environment Development, who sits at the machine itself. May be called several times, for patterns and
    /// policies of their own; not thread-safe, as all mapping.
    /// </remarks>
    /// <param name="endpoints">The application, or a group of its endpoints.</param>
    /// <param name="pattern">The path of the page; by default <c>/troupes</c>.</param>
    /// <param name="configure">Changes the options; called at once.</param>
    /// <returns>For the conventions of all endpoints of the dashboard.</returns>
    /// <exception cref="ArgumentNullException">The endpoints or the pattern are null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option cannot be; see <see cref="TinyTroupeDashboardOptions"/>.</exception>
    public static IEndpointConventionBuilder MapTinyTroupes(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/troupes",
        Action<TinyTroupeDashboardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var options = new TinyTroupeDashboardOptions();
        configure?.Invoke(options);
        return Endpoints.Map(endpoints, pattern, options);
    }
}
