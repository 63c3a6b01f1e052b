using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TinyWorker.Processes.Data;

namespace TinyWorker.Processes.Functions;

/// <summary>
/// Which variables of its closures a function can reach. The compiler keeps the captured variables of all lambdas of a scope together: a
/// closure often holds a variable that only another lambda uses, such as a connection, or the troupe itself. Such variables are neither
/// sent nor refused.
/// </summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
internal sealed class UsedVariables
{
    // By module and token: all instantiations of a generic closure count as one.
    private readonly HashSet<(Module, int)> _variables = [];
    private readonly HashSet<(Module, int)> _methods = [];
    private bool _all;   // set once, when a method could not be read: then every variable counts

    /// <summary>Finds the variables that the function, and the functions that it captures, can reach.</summary>
    public static UsedVariables Of(Delegate function)
    {
        var used = new UsedVariables();
        int known;
        do
        {
            // A captured function can reach more variables of a closure that was looked at before.
            known = used._methods.Count;
            used.Follow(function, new(ReferenceEqualityComparer.Instance));
        }
        while (used._methods.Count > known);

        return used;
    }

    public bool Contains(FieldInfo variable) => _all || _variables.Contains((variable.Module, variable.MetadataToken));

    private void Follow(object? value, HashSet<object> followed)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (value is Delegate function)
        {
            if (IsMadeByCompiler(function.Method)) Read(function.Method);
            Follow(function.Target, followed);
        }
        else if (value is not null && Closure.Is(value.GetType()) && followed.Add(value))
        {
            foreach (var variable in Closure.Variables(value.GetType()).Where(Contains)) Follow(variable.GetValue(value), followed);
        }
    }

    // Only code that the compiler makes uses the fields of a closure: lambdas, local functions, and the state machines of both.
    private void Read(MethodBase first)
    {
        var unread = new Stack<MethodBase>([first]);
        try
        {
            while (unread.TryPop(out var method))
            {
                if (!_methods.Add((method.Module, method.MetadataToken))) continue;
                if (method.GetCustomAttribute<StateMachineAttribute>() is { } machine)
                    foreach (var part in machine.StateMachineType.GetMethods(AllDeclared)) unread.Push(part);

                foreach (var member in IlReader.MembersNamedBy(method))
                {
                    if (member is FieldInfo field) _variables.Add((field.Module, field.MetadataToken));
                    else if (member is MethodBase called && IsMadeByCompiler(called)) unread.Push(called);
                }
            }
        }
        catch (Exception)
        {
            // A method of an unknown kind. It is safe to send more variables than it uses.
            _all = true;
        }
    }

    private const BindingFlags AllDeclared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static bool IsMadeByCompiler(MethodBase method) =>
        Closure.IsMadeByCompiler(method) || (method.DeclaringType is { } type && Closure.IsMadeByCompiler(type));
}
